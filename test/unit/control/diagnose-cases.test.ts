/** What `diagnose` makes of zones that are well in their way, and how it looks. */
import { afterEach, describe, expect, it } from 'vitest';
import { printDiagnosis } from '../../../src/cli/diagnose-output.ts';
import { EXITS } from '../../../src/cli/printers.ts';
import { MAX_SERVERS } from '../../../src/control/diagnose-gather.ts';
import { createParentHandlers } from '../../../src/control/parent-handlers.ts';
import { createRolloverHandlers } from '../../../src/control/rollovers.ts';
import { setFlags } from '../../../src/wire/header.ts';
import { callsOf } from '../../support/calls.ts';
import { capturedRunner } from '../../support/captured.ts';
import {
  CHILD,
  DAY,
  DELEGATION,
  DiagnoseScene,
  DSYNC,
  FOREIGN,
  ONE,
  OTHER,
  POLICY,
  refusing,
  silentOver,
  withoutEdns,
  ZONE,
} from '../../support/diagnose-scene.ts';

let scene: DiagnoseScene;
afterEach(() => scene.close());

describe('diagnose', () => {
  it('calls an unsigned zone with a DS an outage', async () => {
    scene = await DiagnoseScene.start({ isUnsigned: true });
    scene.parentHas([...DELEGATION, FOREIGN]);
    const { level, findings } = await scene.look();
    expect(level).toBe('critical');
    expect(findings.map(({ code }) => code)).toEqual(['DIAGNOSE_DS_UNSIGNED']);
    expect(findings[0]!.fix).toContain('have the DS removed');
  });

  it('tells that no chain of trust leads to the parent', async () => {
    scene = await DiagnoseScene.start({ isIsland: true });
    const found = (await scene.look()).findings.filter(({ code }) => code === 'DIAGNOSE_PARENT_INSECURE');
    expect(found).toMatchObject([{ level: 'warning', fix: /have test. signed/ }]);
  });

  it('tells of a DS that shall go in a rollover, and of the new one that is awaited', async () => {
    scene = await DiagnoseScene.start();
    const { call } = callsOf(() => createRolloverHandlers(scene.bench));
    const [old] = scene.keys().map(({ tag }) => tag);
    await call('rollover.start', { zone: ZONE, type: 'csk' });
    await scene.bench.lapse(120);
    const awaited = (await scene.look()).findings.filter(({ code }) => code === 'DIAGNOSE_DS_MISSING');
    expect(awaited).toMatchObject([
      { level: 'warning', evidence: expect.stringContaining('the key waits for it') },
    ]);
    scene.parentHas(scene.usual());
    await scene.bench.lapse(300);
    const left = (await scene.look()).findings.filter(({ code }) => code === 'DIAGNOSE_DS_LEFT');
    expect(left).toMatchObject([{ level: 'warning', evidence: expect.stringContaining(`key ${old},`) }]);
    const both = scene.ownDs();
    scene.parentHas(scene.usual([both[0]!]));
    await scene.bench.lapse(600);
    for (const address of [ONE, OTHER]) scene.internet.host(address, scene.honestServer());
    expect((await scene.look()).findings).toEqual([]);
    // The DS of a key that is gone came back, which is no longer one of nobody knows whom.
    scene.parentHas(scene.usual());
    expect((await scene.look()).findings.map(({ code }) => code)).toEqual(['PARENT_DS_RETURNED']);
  });

  it('takes a DS that is there early for no fault', async () => {
    scene = await DiagnoseScene.start({
      policies: { [ZONE]: { ...POLICY, bootstrapHold: 7 * DAY } },
      hasDs: false,
    });
    scene.parentHas(scene.usual());
    expect((await scene.look()).findings).toEqual([]);
  });

  it('judges by UDP where TCP is closed, and nothing by what is cut off', async () => {
    scene = await DiagnoseScene.start();
    scene.internet.host(OTHER, scene.otherServer({ text: CHILD.replace(' 7 7200', ' 6 7200') }));
    scene.internet.script(OTHER, silentOver('tcp'));
    const codes = (await scene.look()).findings.map(({ code }) => code);
    expect(codes).toEqual(['DIAGNOSE_TCP_SILENT', 'DIAGNOSE_SERVER_SERIAL']);
    scene.internet.script(OTHER, (query, _honest, transport) => {
      const octets = Uint8Array.from(query);
      setFlags(octets, 0x8600);
      return transport === 'tcp' ? { code: 'refused', fault: 'nobody listens there' } : octets;
    });
    expect((await scene.look()).findings.map(({ code }) => code)).toEqual(['DIAGNOSE_TCP_SILENT']);
  });

  it('tells once that there are no signatures for want of EDNS', async () => {
    scene = await DiagnoseScene.start();
    scene.internet.script(OTHER, withoutEdns);
    expect((await scene.look()).findings.map(({ code }) => code)).toEqual(['DIAGNOSE_NO_EDNS']);
  });

  it('misses the delegation in a parent that has other things at the name', async () => {
    scene = await DiagnoseScene.start({ isIsland: true });
    scene.parentHas([DSYNC, `${ZONE} TXT x`]);
    const found = (await scene.look()).findings.filter(({ code }) => code === 'PARENT_NOT_DELEGATED');
    expect(found).toMatchObject([
      { level: 'critical', fix: 'have child.test. delegated to its name servers' },
    ]);
  });

  it('calls a delegation without any address an outage', async () => {
    scene = await DiagnoseScene.start();
    scene.parentHas(scene.usual([DELEGATION[2], DELEGATION[3]]));
    const codes = (await scene.look()).findings.map(({ level, code }) => `${level} ${code}`);
    expect(codes).toEqual([
      'critical DIAGNOSE_NO_SERVER',
      'warning DIAGNOSE_GLUE_MISSING',
      'warning DIAGNOSE_GLUE_MISSING',
    ]);
  });

  it('asks a crowd of servers in part, and says so', async () => {
    scene = await DiagnoseScene.start();
    const crowd = Array.from({ length: 40 }, (_, i) => `ns2.${ZONE} A 198.51.100.${i + 1}`);
    scene.parentHas([...scene.usual(), ...crowd]);
    const { servers, findings } = await scene.look();
    expect(servers).toHaveLength(MAX_SERVERS);
    expect(findings.find(({ code }) => code === 'DIAGNOSE_MANY_SERVERS')).toMatchObject({
      level: 'ok',
      evidence: '32 addresses of name servers were asked, 10 more were not',
    });
    const asked = Math.max(
      ...[...scene.internet.asked].filter(([at]) => at.startsWith('198')).map(([, count]) => count),
    );
    expect(asked).toBeLessThanOrEqual(10);
  });

  it('takes an address without a way to it for no fault', async () => {
    scene = await DiagnoseScene.start();
    scene.internet.script(OTHER, () => ({ code: 'no route', fault: 'no way leads there from this host' }));
    const { level, findings } = await scene.look();
    expect(level).toBe('ok');
    expect(findings).toMatchObject([{ level: 'ok', code: 'DIAGNOSE_NO_ROUTE' }]);
  });

  it('forgives a lost datagram', async () => {
    scene = await DiagnoseScene.start();
    let lost = 0;
    scene.internet.script(OTHER, (_query, honest, transport) =>
      transport === 'udp' && lost++ === 0 ? { code: 'timeout', fault: 'no answer within 5 s' } : honest(),
    );
    expect((await scene.look()).findings).toEqual([]);
    expect(lost).toBe(3);
  });

  it('remarks that the parent has no DSYNC, which is no fault', async () => {
    scene = await DiagnoseScene.start();
    scene.parentHas(scene.usual([DSYNC]));
    expect(await scene.look()).toMatchObject({ level: 'ok', findings: [{ code: 'DIAGNOSE_DSYNC_MISSING' }] });
  });

  it('judges the inside alone where nobody knows the way out', async () => {
    scene = await DiagnoseScene.start({ isUnwatched: true });
    const result = await scene.look();
    expect(result).toMatchObject({ isOutsideSeen: false, parent: null, servers: [] });
    expect(result.findings.map(({ level, code }) => `${level} ${code}`)).toContain(
      'ok DIAGNOSE_OUTSIDE_UNSEEN',
    );
    expect(EXITS.diagnose!(result)).toBe(0);
  });

  it('judges a zone that is not served', async () => {
    scene = await DiagnoseScene.start();
    scene.bench.write('lost.test.zone', '@ 300 IN A 192.0.2.1\n');
    await scene.bench.settle();
    const { call } = callsOf(() => createParentHandlers(scene.bench));
    const result = await call('diagnose', { zone: 'lost.test.' });
    expect(result.findings.map(({ level, code }) => `${level} ${code}`)).toEqual([
      'critical ZONE_NO_SOA',
      'ok DIAGNOSE_OUTSIDE_UNSEEN',
    ]);
  });

  it('looks to a person like this', async () => {
    scene = await DiagnoseScene.start();
    scene.internet.script(OTHER, refusing(5));
    scene.parentHas(scene.usual([DSYNC]));
    const { runner, out } = capturedRunner();
    printDiagnosis(runner.output, await scene.look());
    expect(`${out.join('\n').replace(/keys \d+/, 'keys TAG')}\n`).toBe(`warn child.test. warning: 1 found
  inside          served, serial 7, keys TAG
  outside         parent test., name servers 2
SERVER           ADDRESS     SERIAL  UDP      TCP
ns1.child.test.  192.0.2.21  7       answers  answers
ns2.child.test.  192.0.2.22  -       answers  answers
warn ns2.child.test. 192.0.2.22 refuses to answer for child.test. (REFUSED) [DIAGNOSE_SERVER_REFUSED]
    fix: let the server serve child.test., or have it taken out of the delegation
note the parent has no DSYNC record: it cannot be told of new CDS records [DIAGNOSE_DSYNC_MISSING]
    fix: nothing need be done; if the parent does not look for CDS by itself, hand the DS over by hand
`);
  });
});
