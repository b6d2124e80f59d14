import { describe, expect, it } from 'vitest';
import { unixSeconds } from '../../../src/base/time.ts';
import { ServedSerial } from '../../../src/daemon/servedserial.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { SimulatedFiles } from '../../support/simulated-files.ts';

const NOW = unixSeconds(1_795_000_000);
const FOLDER = '/keys/example.com';

describe('the serial that is served', () => {
  it('is known after a restart', async () => {
    const files = new SimulatedFiles();
    const before = new ServedSerial(files, '/keys', nameOf('example.com.'));
    expect(before.rule('increment', NOW)).toEqual({ mode: 'increment', before: undefined, now: NOW });
    await before.note({ serial: 7, digest: 'a' });
    await before.note({ serial: 8, digest: 'b' });
    const after = new ServedSerial(files, '/keys', nameOf('example.com.'));
    expect(after.rule('increment', NOW).before).toEqual({ serial: 8, digest: 'b' });
  });

  it('leaves no file where the zone file says it', async () => {
    const files = new SimulatedFiles();
    const served = new ServedSerial(files, '/keys', nameOf('example.com.'));
    await served.note({ serial: 7, digest: 'a' });
    expect(served.rule('file', NOW).before).toEqual({ serial: 7, digest: 'a' });
    expect(files.stat(FOLDER)).toBeUndefined();
  });

  it.each([
    '',
    '{',
    'null',
    '{"format":2,"serial":1,"digest":""}',
    '{"format":1,"serial":-1,"digest":""}',
    '[]',
  ])('is not guessed from %j', async (text) => {
    const files = new SimulatedFiles();
    await files.makeDirectory(FOLDER);
    await files.replaceDurable(`${FOLDER}/serial.json`, Buffer.from(text));
    const served = new ServedSerial(files, '/keys', nameOf('example.com.'));
    expect(() => served.rule('unixtime', NOW)).toThrow(
      expect.objectContaining({ code: 'SERIAL_UNREADABLE' }),
    );
  });
});
