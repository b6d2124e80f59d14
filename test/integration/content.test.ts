/** What a policy makes of the content of zone files, in a running server: serials that never go back, and digests. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import { dig } from '../support/dig.ts';
import { describeWithPeers, getPeer } from '../support/peers.ts';
import { run, Workplace } from '../support/processes.ts';

const ORIGIN = 'counted.example.';
const CONFIGURATION = `policies:
  default: { serial: increment, zonemd: { publish: sha384 } }
`;

function zone(serial: number, text: string): string {
  return `$TTL 300\n@ SOA ns host ${serial} 3600 600 86400 60\n@ NS ns\nns A 192.0.2.1\n@ TXT "${text}"\n`;
}

describeWithPeers(['dig', 'ldns-verify-zone'], 'the content of zones', () => {
  const workplace = new Workplace();
  afterAll(() => workplace.remove());

  it('has serials that go up with each change, also after a restart', async () => {
    const setup = { workplace, configuration: CONFIGURATION };
    let daemon = await Daemon.start({ ...setup, zones: { 'counted.example.zone': zone(7, 'one') } });
    const file = join(daemon.zones, 'counted.example.zone');
    await daemon.waitForSerial(ORIGIN, 7);
    writeFileSync(file, zone(7, 'two'));
    await daemon.waitForSerial(ORIGIN, 8);
    await daemon.stop();

    daemon = await Daemon.start(setup);
    // The same content, hence the same serial; and the file of before is another content.
    await daemon.waitForSerial(ORIGIN, 8);
    writeFileSync(file, zone(7, 'one'));
    await daemon.waitForSerial(ORIGIN, 9);
    writeFileSync(file, zone(40, 'three'));
    await daemon.waitForSerial(ORIGIN, 40);

    const exported = await daemon.keyturn('zone', 'export', ORIGIN, '--signed', '--zonemd');
    expect(exported.code).toBe(0);
    const snapshot = workplace.at('snapshot.zone');
    writeFileSync(snapshot, exported.stdout);
    expect(await run(getPeer('ldns-verify-zone'), ['-ZZ', snapshot])).toMatchObject({ code: 0 });
    // Online there is none: it would not be right for long.
    expect((await dig(daemon.port, ORIGIN, 'ZONEMD')).answer).toEqual([]);
    await daemon.stop();

    writeFileSync(join(daemon.keys, 'counted.example', 'serial.json'), '{"format":1,');
    daemon = await Daemon.start({ ...setup, wait: false });
    await daemon.waitForLog(/SERIAL_UNREADABLE/);
    await daemon.stop();
  }, 90_000);

  it('has a digest that others find right, where nothing is signed', async () => {
    const unsigned = new Workplace();
    const args = ['--unsigned'];
    const zones = { 'counted.example.zone': zone(7, 'one') };
    const daemon = await Daemon.start({ workplace: unsigned, configuration: CONFIGURATION, zones, args });
    await daemon.waitForSerial(ORIGIN, 7);
    expect((await dig(daemon.port, ORIGIN, 'ZONEMD')).answer).toHaveLength(1);
    const { stdout } = await daemon.keyturn('zone', 'export', ORIGIN);
    const snapshot = unsigned.at('snapshot.zone');
    writeFileSync(snapshot, stdout);
    expect(await run(getPeer('ldns-verify-zone'), ['-Z', snapshot])).toMatchObject({ code: 0 });
    await daemon.stop();
    unsigned.remove();
  }, 60_000);
});
