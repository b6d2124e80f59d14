/** `parent preflight`: a real zone and its keys, name servers and their zone around it in memory, a clock that is moved. */
import { afterEach, describe, expect, it } from 'vitest';
import { unixSeconds } from '../../../src/base/time.ts';
import { preflightExit, printPreflight } from '../../../src/cli/preflight-output.ts';
import { createParentHandlers } from '../../../src/control/parent-handlers.ts';
import { parentView } from '../../../src/control/parent-shapes.ts';
import { type Preflight, preflight } from '../../../src/control/preflight-shapes.ts';
import { cdsSet } from '../../../src/kasp/records.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { callsOf } from '../../support/calls.ts';
import { capturedRunner } from '../../support/captured.ts';
import { PARENT_ADDRESSES, ScriptedInternet } from '../../support/scripted-parent.ts';
import { TestServer } from '../../support/served.ts';
import { cdnskeyText, cdsText } from '../../support/signals.ts';
import { QUICK_POLICY, ZonesBench } from '../../support/zones-bench.ts';

const ZONE = 'child.test.';
const [ONE, OTHER] = ['192.0.2.21', '192.0.2.22'] as const;
const HOSTS = ['ns1.hoster.test.', 'ns2.hoster.test.'] as const;
const POLICY = { ...QUICK_POLICY, monitor: { interval: 60, rounds: 2, roundGap: 5 } };
const DELEGATION = [
  ...HOSTS.map((host) => `${ZONE} NS ${host}`),
  `${HOSTS[0]} A ${ONE}`,
  `${HOSTS[1]} A ${OTHER}`,
];
const HEAD = `@ 300 SOA ${HOSTS[0]} admin.${ZONE} 7 7200 900 1209600 300\n`;
const CHILD = `${HEAD}${HOSTS.map((host) => `@ 300 NS ${host}\n`).join('')}`;

let bench: ZonesBench;
let internet: ScriptedInternet;
afterEach(() => bench.close());

async function start(
  delegation: readonly string[] = DELEGATION,
  { isUnsigned = false, bootstrapHold = 0 } = {},
): Promise<void> {
  const begun = unixSeconds(Date.now() / 1_000);
  let isBegun = false;
  internet = new ScriptedInternet({ records: delegation }, () => (isBegun ? bench.clock.now() : begun));
  bench = new ZonesBench({
    policies: { [ZONE]: { ...POLICY, bootstrapHold } },
    parents: internet.context,
    isUnsigned,
  });
  isBegun = true;
  bench.write('child.test.zone', CHILD);
  await bench.settle();
  host();
}

const zone = () => bench.zones.find(nameOf(ZONE))!;

/** Both name servers serve the zone as it is now. */
function host(): void {
  const { image, epoch } = zone().served!;
  for (const address of [ONE, OTHER]) {
    const server = new TestServer(image.seed);
    server.table.publish(1, epoch);
    internet.host(address, server);
  }
}

/** The parent has these lines, and what somebody signals for the zone below its name servers. */
function parentHas(records: readonly string[], signaled: readonly string[] = []): void {
  const { zoneState, policy } = zone().signing!;
  const { cds, cdnskey } = cdsSet(zoneState, nameOf(ZONE), policy);
  const signals = signaled.flatMap((name) => {
    const owner = `_dsboot.${ZONE}_signal.${name}`;
    return [
      ...cds.map((one) => `${owner} CDS ${cdsText(one)}`),
      ...cdnskey.map((one) => `${owner} CDNSKEY ${cdnskeyText(one)}`),
    ];
  });
  for (const address of PARENT_ADDRESSES) internet.serve(address, { records: [...records, ...signals] });
}

/** Until the zone asks for its DS. */
async function announced(): Promise<void> {
  await bench.lapse(900);
  host();
}

async function look(): Promise<Preflight> {
  const { call } = callsOf(() => createParentHandlers(bench));
  return preflight.parse(await call('parent.preflight', { zone: ZONE }));
}

const codesOf = (findings: Preflight['signing']) => [...new Set(findings.map(({ code }) => code))];

describe('a zone that asks for its first DS', () => {
  it('is ready when its operator signals it below each name server', async () => {
    await start();
    await announced();
    parentHas(DELEGATION, HOSTS);
    const seen = await look();
    expect(seen).toMatchObject({ isSigned: true, isAsking: true, parent: 'test.', signing: [] });
    expect(seen.bootstrap).toMatchObject({ state: 'ready', findings: [] });
    expect(seen.bootstrap.signals.map(({ host: name, zone: ours }) => [name, ours])).toEqual([
      [HOSTS[0], null],
      [HOSTS[1], null],
    ]);
    expect(preflightExit(seen)).toBe(0);
  });

  it('is told what is missing', async () => {
    await start();
    await announced();
    parentHas(DELEGATION, [HOSTS[0]]);
    const seen = await look();
    expect(seen.bootstrap.state).toBe('refused');
    expect(codesOf(seen.bootstrap.findings)).toEqual(['BOOTSTRAP_SIGNAL_MISSING']);
    expect(preflightExit(seen)).toBe(1);
    const { runner, out } = capturedRunner();
    printPreflight(runner.output, seen);
    expect(out.join('\n')).toContain(
      `warn nothing is signaled for ${ZONE} below ${HOSTS[1]} [BOOTSTRAP_SIGNAL_MISSING]`,
    );
    expect(out.join('\n')).toContain(`_dsboot.${ZONE}_signal.${HOSTS[0]}`);
  });

  it('has among the reasons for which it waits what its parent would miss', async () => {
    await start();
    await announced();
    const { call } = callsOf(() => createParentHandlers(bench));
    const codes = async () => {
      const view = parentView.parse(await call('parent.look', { zone: ZONE }));
      return view.reasons.map(({ code }) => code).filter((code) => code.startsWith('BOOTSTRAP'));
    };
    expect(await codes()).toEqual(['BOOTSTRAP_SIGNAL_MISSING', 'BOOTSTRAP_SIGNAL_MISSING']);
    parentHas(DELEGATION, HOSTS);
    // Names that were not there are not asked for again at once.
    await bench.lapse(20);
    expect(await codes()).toEqual([]);
    expect(bench.events.after(0, 100).events.map(({ message }) => message)).toContain(
      'a parent that works by RFC 9615 can take the first DS',
    );
  });

  it('is secure when the parent has its DS', async () => {
    await start();
    await announced();
    const { zoneState, policy } = zone().signing!;
    const [ds] = cdsSet(zoneState, nameOf(ZONE), policy).cds;
    parentHas([...DELEGATION, `${ZONE} DS ${cdsText(ds!)}`]);
    expect((await look()).bootstrap).toMatchObject({ state: 'secure', findings: [] });
  });

  it('is told that its name servers are all inside it', async () => {
    const inside = [`${ZONE} NS ns.${ZONE}`, `ns.${ZONE} A ${ONE}`];
    await start(inside);
    await announced();
    const { bootstrap } = await look();
    expect(bootstrap.state).toBe('unsupported');
    expect(codesOf(bootstrap.findings)).toContain('BOOTSTRAP_IN_DOMAIN_ONLY');
  });
});

describe('a zone that does not ask yet', () => {
  it('misses no signals', async () => {
    await start(DELEGATION, { bootstrapHold: 100_000 });
    const seen = await look();
    expect(seen).toMatchObject({ isSigned: true, isAsking: false, signing: [] });
    expect(seen.bootstrap).toMatchObject({ state: 'early', findings: [] });
  });

  it('is told of a DS that none of its keys has', async () => {
    await start(DELEGATION, { bootstrapHold: 100_000 });
    parentHas([...DELEGATION, `${ZONE} DS 4711 13 2 ${'AB'.repeat(32)}`]);
    const seen = await look();
    expect(codesOf(seen.signing)).toEqual(['PARENT_DS_ORPHAN']);
    expect(codesOf(seen.bootstrap.findings)).toEqual(['BOOTSTRAP_DS_PRESENT']);
    expect(preflightExit(seen)).toBe(1);
  });
});

describe('a zone that is not signed', () => {
  it('can go signed if all its name servers have it, over UDP and TCP, with EDNS', async () => {
    await start(DELEGATION, { isUnsigned: true });
    const seen = await look();
    expect(seen).toMatchObject({ isSigned: false, isAsking: false, signing: [] });
    expect(seen.bootstrap.state).toBe('early');
  });

  it('is told what would keep others from it', async () => {
    await start([...DELEGATION, `${ZONE} DS 4711 13 2 ${'AB'.repeat(32)}`], { isUnsigned: true });
    internet.host(OTHER, undefined);
    const seen = await look();
    expect(codesOf(seen.signing)).toEqual(['DIAGNOSE_DS_UNSIGNED', 'DIAGNOSE_SERVER_SILENT']);
  });
});

it('needs to know how parents are found', async () => {
  bench = new ZonesBench({ policies: { [ZONE]: POLICY } });
  bench.write('child.test.zone', CHILD);
  await bench.settle();
  await expect(look()).rejects.toMatchObject({ code: 'PARENT_NOT_WATCHED' });
});
