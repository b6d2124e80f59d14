/**
 * Who was asked for the keys first gave them up, then opened the socket by which its successor ends it. Where that failed,
 * on a full disk or beside a process that had handed over before, the error ended a process that answered.
 */
import fs from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { askForRelease, RETIRED_NAME, releaseOnDemand } from '../../src/control/handover.ts';
import { claimKeys } from '../../src/control/socket.ts';
import { Workplace } from '../support/processes.ts';

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => place.remove());

it('keeps the keys if the way to be ended cannot be opened, and hands them over later', async () => {
  const told: string[] = [];
  const onConnection = releaseOnDemand(place.path, {
    retire: async () => {
      told.push('retired');
      await claim.release();
    },
    drain: () => told.push('drained'),
    failed: ({ message }) => told.push(message),
  });
  const claim = await claimKeys(place.path, onConnection);
  fs.writeFileSync(place.at(RETIRED_NAME), 'no socket');
  await expect(askForRelease(place.path)).rejects.toMatchObject({ code: 'SOCKET_IN_USE' });
  expect(told).toEqual([expect.stringContaining('is no socket')]);
  fs.unlinkSync(place.at(RETIRED_NAME));
  await askForRelease(place.path);
  expect(told.slice(1)).toEqual(['retired']);
});
