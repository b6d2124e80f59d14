/**
 * What one zone of ours says of another (RFC 9615): a child that asks for its first DS is signaled in the zone of its name
 * servers, as long as it asks and no longer. Real zones, keys and files; the clock is moved.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { diffOf } from '../../../src/control/diff.ts';
import { createRolloverHandlers } from '../../../src/control/rollovers.ts';
import { cdsSet } from '../../../src/kasp/records.ts';
import { formatType, RRTYPE } from '../../../src/wire/iana.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { nodeOf, rdatasAt } from '../../../src/zone/contents.ts';
import { NO_NODE } from '../../../src/zone/image.ts';
import { callsOf } from '../../support/calls.ts';
import { TestServer } from '../../support/served.ts';
import { QUICK_POLICY, ZonesBench } from '../../support/zones-bench.ts';

const CHILD = 'child.test.';
const HOSTER = 'hoster.test.';
const SIGNAL = `_dsboot.${CHILD}_signal.ns1.${HOSTER}`;
const DENIALS = ['nsec', 'nsec3', 'compact'] as const;
/** The zone asks a while after it went signed, so that there is a time before. */
const HOLD_S = 500;

let bench: ZonesBench;
afterEach(() => bench.close());

interface Options {
  readonly denial?: (typeof DENIALS)[number];
  readonly hoster?: string;
  readonly child?: string;
  readonly cds?: 'always' | 'never';
}

const childText = (hosts: readonly string[]) =>
  `@ 300 SOA ns1.${HOSTER} admin 7 7200 900 1209600 300\n${hosts.map((host) => `@ 300 NS ${host}\n`).join('')}`;
const hosterText = (extra = '', serial = 1) =>
  `@ 300 SOA ns1 admin ${serial} 7200 900 1209600 300\n@ 300 NS ns1\nns1 300 A 192.0.2.1\n${extra}`;
const PLAIN = `${childText([`ns1.${HOSTER}`, `ns.${CHILD}`])}ns 300 A 192.0.2.2\n`;

async function start({
  denial = 'nsec',
  hoster = hosterText(),
  child = PLAIN,
  cds = 'always',
}: Options = {}) {
  const policies = {
    [CHILD]: { ...QUICK_POLICY, bootstrapHold: HOLD_S, cds },
    [HOSTER]: { ...QUICK_POLICY, bootstrapHold: 100_000, denial, serial: 'increment' as const },
  };
  bench = new ZonesBench({ policies });
  bench.write('hoster.test.zone', hoster);
  bench.write('child.test.zone', child);
  await bench.settle();
}

const zoneOf = (name: string) => bench.zones.find(nameOf(name))!;
const asked = async () => bench.lapse(HOLD_S + 100);

/** What the zone that holds a signaling name has there. */
function signaled(owner = SIGNAL, holder = HOSTER): { cds: Uint8Array[]; cdnskey: Uint8Array[] } {
  const { image } = zoneOf(holder).served!;
  const node = nodeOf(image, nameOf(owner));
  const read = (type: number) => (node === NO_NODE ? [] : rdatasAt(image, node, type));
  return { cds: read(RRTYPE.CDS), cdnskey: read(RRTYPE.CDNSKEY) };
}

/** What the child has at its apex. */
function atApex() {
  const { zoneState, policy } = zoneOf(CHILD).signing!;
  return cdsSet(zoneState, nameOf(CHILD), policy);
}

function serverOf(zone: string): TestServer {
  const { image, epoch } = zoneOf(zone).served!;
  const server = new TestServer(image.seed);
  server.table.publish(1, epoch);
  return server;
}

const asking = () => ({ dnssecOk: true, now: bench.clock.now(), transport: 'tcp' }) as const;
const answers = (name: string, type: string) => serverOf(HOSTER).ask(name, type, asking());
const tell = (name: string, type: string) => serverOf(HOSTER).tell(name, type, asking());

const NOTHING = { cds: [], cdnskey: [] };
const confirmSeen = () => {
  const { call } = callsOf(() => createRolloverHandlers(bench));
  return call('rollover.confirm-ds', {
    zone: CHILD,
    key: zoneOf(CHILD).signing!.zoneState.keys[0]!.tag,
    seen: true,
  });
};

describe('a zone that asks for its first DS', () => {
  it.each(DENIALS)('is signaled as its apex says, signed and denied by %s', async (denial) => {
    await start({ denial });
    expect(signaled()).toEqual(NOTHING);
    const { serial } = zoneOf(HOSTER).served!.image;
    await asked();
    expect(atApex().cds.length).toBe(1);
    expect(signaled()).toEqual(atApex());
    expect(zoneOf(HOSTER).served!.image.serial).toBe(serial + 1);
    const [cds, cdnskey] = [answers(SIGNAL, 'CDS'), answers(SIGNAL, 'CDNSKEY')];
    expect([cds, cdnskey].map(({ answer }) => answer.map(({ type }) => formatType(type)))).toEqual([
      ['CDS', 'RRSIG'],
      ['CDNSKEY', 'RRSIG'],
    ]);
    // The name exists, with those two types; names above it exist without any.
    expect(answers(SIGNAL, 'TXT')).toMatchObject({ rcode: 0, answer: [] });
    expect(answers(`_signal.ns1.${HOSTER}`, 'TXT')).toMatchObject({ rcode: 0, answer: [] });
    expect(tell(SIGNAL, 'TXT')).toMatch(/ NSEC3? .* CDS CDNSKEY|CDNSKEY.* CDS/);
  });

  it('is signaled as its CDS change, and people are told', async () => {
    await start();
    await asked();
    const before = atApex();
    const policies = new Map(bench.config.policies);
    policies.set(CHILD, { ...policies.get(CHILD)!, digests: [2, 4] });
    bench.zones.follow({ ...bench.config, policies });
    await bench.settle();
    expect(atApex().cds).toHaveLength(2);
    expect(atApex()).not.toEqual(before);
    expect(signaled()).toEqual(atApex());
    const told = bench.events.after(0, 1_000).events.map(({ message }) => message);
    expect(told).toContain(`${CHILD} asks for its first DS: it is signaled in ${HOSTER} (RFC 9615)`);
  });

  it('is signaled no longer when its DS is seen', async () => {
    await start();
    await asked();
    await confirmSeen();
    await bench.rest();
    expect(signaled()).toEqual(NOTHING);
    expect(zoneOf(HOSTER).problem).toBeUndefined();
  });

  it('is signaled no longer when it is gone', async () => {
    await start();
    await asked();
    bench.remove('child.test.zone');
    await bench.settle();
    expect(bench.zones.find(nameOf(CHILD))).toBeUndefined();
    expect(signaled()).toEqual(NOTHING);
  });

  it('is signaled no longer when it shall go unsigned after all', async () => {
    await start();
    await asked();
    await callsOf(() => createRolloverHandlers(bench)).call('zone.unsign', { zone: CHILD });
    await bench.rest();
    expect(signaled()).toEqual(NOTHING);
    expect(atApex().cds).not.toEqual([]);
  });

  it('is signaled again after a restart, and below another name server as soon as it has that', async () => {
    await start();
    await asked();
    bench = await bench.restarted();
    bench.zones.look();
    // A server answers from now on: nobody shall learn then that there is no signal.
    await bench.zones.settled();
    expect(signaled()).toEqual(atApex());
    bench.write('child.test.zone', PLAIN.replaceAll(`ns1.${HOSTER}`, `ns2.${HOSTER}`).replace(' 7 ', ' 8 '));
    await bench.settle();
    expect(signaled()).toEqual(NOTHING);
    expect(signaled(`_dsboot.${CHILD}_signal.ns2.${HOSTER}`)).toEqual(atApex());
  });

  it('is signaled by a zone that comes later, and in the zone that is nearest', async () => {
    await start();
    await asked();
    const domain = `_signal.ns1.${HOSTER}`;
    bench.write(
      `${domain}zone`,
      '@ 300 SOA ns1.hoster.test. admin 1 7200 900 1209600 300\n@ 300 NS ns1.hoster.test.\n',
    );
    await bench.settle();
    expect(signaled(SIGNAL, domain)).toEqual(atApex());
    expect(signaled()).toEqual(NOTHING);
    bench.remove(`${domain}zone`);
    await bench.settle();
    expect(signaled()).toEqual(atApex());
  });

  it('is not signaled if its policy publishes no CDS', async () => {
    await start({ cds: 'never' });
    await asked();
    expect(signaled()).toEqual(NOTHING);
  });
});

describe('the zone that holds signals', () => {
  it('keeps them over a change of its file, and serves them in place of what that has', async () => {
    await start();
    await asked();
    bench.write('hoster.test.zone', hosterText(`${SIGNAL} 60 CDS 1 13 2 ${'AB'.repeat(32)}\n`, 2));
    await bench.settle();
    expect(signaled()).toEqual(atApex());
    await confirmSeen();
    await bench.rest();
    // What somebody wrote there is theirs.
    expect(signaled().cds).toHaveLength(1);
    expect(signaled().cdnskey).toEqual([]);
  });

  it('is served although there is a CNAME where signals belong, or a delegation above', async () => {
    await start({ hoster: hosterText(`${SIGNAL} 60 CNAME ns1\n`) });
    await asked();
    expect(zoneOf(HOSTER).problem).toBeUndefined();
    expect(signaled()).toEqual(NOTHING);
    bench.write('hoster.test.zone', hosterText(`_signal.ns1 60 NS ns.elsewhere.test.\n`, 2));
    await bench.settle();
    expect(zoneOf(HOSTER).problem).toBeUndefined();
    expect(signaled()).toEqual(NOTHING);
  });

  it('has no signals below a DNAME, where nobody would find them', async () => {
    await start({ hoster: hosterText(`_signal.ns1 60 DNAME elsewhere.test.\n`) });
    const { loads } = bench;
    await asked();
    await bench.settle();
    expect(bench.loads).toBe(loads);
    expect(signaled()).toEqual(NOTHING);
    expect(zoneOf(HOSTER).problem).toBeUndefined();
  });

  it('is not loaded again for signals that are as they were, and differs in nothing from its file', async () => {
    await start();
    await asked();
    const { loads } = bench;
    await bench.settle();
    expect(bench.loads).toBe(loads);
    const diff = await diffOf({ config: bench.config, loads: bench.queue }, zoneOf(HOSTER), 10);
    expect(diff).toMatchObject({ outcome: 'same', changes: [] });
    expect(diff.file).toEqual(diff.served);
  });
});

it('the places to signal at are known before, with the reason if there are none', async () => {
  await start({ child: childText([`ns1.${HOSTER}`, 'ns.elsewhere.test.']) });
  const signals = bench.zones.vouching.signalsFor(zoneOf(CHILD));
  const words = signals.map((signal) => (signal.holder === null ? signal.because : signal.holder.name));
  expect(words.toSorted()).toEqual([HOSTER, 'not ours']);
});
