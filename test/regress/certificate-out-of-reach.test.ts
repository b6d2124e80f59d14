/**
 * A certificate that could not be looked at, in a directory that a tool had closed to the server's user or behind a loop
 * of links, ended the server at its next look: only a file that was gone was thought of.
 */
import fs from 'node:fs';
import { expect, it } from 'vitest';
import { CertificateKeeper } from '../../src/daemon/certificate.ts';
import { Scheduler } from '../../src/daemon/scheduler.ts';
import { EventRing } from '../../src/ops/events.ts';
import { createLog } from '../../src/ops/log.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { Workplace } from '../support/processes.ts';

it('raises an alarm, at each look, for what cannot be looked at', () => {
  const place = new Workplace();
  const files = { certificate: place.at('loop.pem'), key: place.at('loop.pem') };
  fs.symlinkSync(files.certificate, files.certificate);
  const clock = new ManualClock();
  const scheduler = new Scheduler(clock);
  const log = createLog('fatal' as 'error', { isTerminal: false });
  const show = () => expect.unreachable();
  const keeper = new CertificateKeeper({
    ...{ files, clock, scheduler, log, show },
    events: new EventRing(clock),
  });
  try {
    keeper.look();
    clock.advance(10);
    scheduler.runDue();
    expect(keeper.alarms).toMatchObject([{ message: expect.stringContaining('ELOOP') }]);
    expect(scheduler.has('certificate')).toBe(true);
  } finally {
    scheduler.close();
    place.remove();
  }
});
