/** A start over keys that have something to do: zones are served by what is committed, and the rest comes after. */
import { afterEach, describe, expect, it } from 'vitest';
import { FileStoreError } from '../../../src/base/ports.ts';
import type { Zone } from '../../../src/daemon/zone.ts';
import { DEFAULT_POLICY, type Policy } from '../../../src/kasp/policy.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { RecordingFiles } from '../../support/recording-files.ts';
import { TestServer } from '../../support/served.ts';
import { ZonesBench, zoneText } from '../../support/zones-bench.ts';

const POLICY: Policy = {
  ...DEFAULT_POLICY,
  ...{ dnskeyTtl: 20, cdsTtl: 5, publishSafety: 5, retireSafety: 5, propagation: 0, minInterval: 0 },
};
const NAMES = Array.from({ length: 20 }, (_, i) => `zone${`${i}`.padStart(2, '0')}.example.`);
const ZONE = NAMES[0]!;
/** Of `ZonesBench`. */
const SEED = 1;
/** Zone data is new to caches for five minutes. */
const ALL_IS_DUE_S = 3_600;

/** A disk that may be full. */
class Disk extends RecordingFiles {
  isFull = false;

  override replaceDurable(file: string, octets: Uint8Array, before?: Promise<void>): Promise<void> {
    if (!this.isFull) return super.replaceDurable(file, octets, before);
    return Promise.reject(new FileStoreError('ENOSPC', file, `${file}: no space left on the disk`));
  }
}

let bench: ZonesBench | undefined;
let disk: Disk;
afterEach(() => bench?.close());

/** Zones that were signed by a process that has ended; the one that follows has seen nothing yet. */
async function ended(names: readonly string[], after: Policy = POLICY): Promise<ZonesBench> {
  disk = new Disk();
  const optionsOf = (policy: Policy) => ({
    files: disk,
    policies: Object.fromEntries(names.map((name) => [name, policy])),
  });
  const first = new ZonesBench(optionsOf(POLICY));
  bench = first;
  for (const name of names) first.write(`${name}zone`, zoneText(1));
  await first.settle();
  first.scheduler.close();
  await first.zones.close();
  const next = new ZonesBench({ ...optionsOf(after), place: first.place });
  next.clock.advance(ALL_IS_DUE_S);
  bench = next;
  disk.writes.length = 0;
  return next;
}

const zoneIn = (opened: ZonesBench, name: string): Zone => opened.zones.find(nameOf(name))!;

const dnskeyState = (opened: ZonesBench, name: string) =>
  zoneIn(opened, name).signing!.zoneState.keys[0]!.states.dnskey!.state;

/** TTLs of the records of a type at the apex, as they are answered. */
function ttlsOf(opened: ZonesBench, name: string, type: string): number[] {
  const server = new TestServer(SEED);
  server.table.publish(1, zoneIn(opened, name).served!.epoch);
  const { answer } = server.ask(name, type, { now: opened.clock.now() });
  return answer.map(({ ttl }) => ttl);
}

/** Starts; returns the zones that were published when the first of them was written down. */
async function servedBeforeFirstWrite(opened: ZonesBench, zones: number): Promise<Set<number>> {
  const [before, served] = [new Set<number>(), new Set<number>()];
  opened.onPost = () => {
    const message = opened.posted.at(-1)!;
    const isWritten = disk.writes.some(({ what }) => what === 'replace state.json');
    if (message.kind !== 'publish') return;
    served.add(message.id);
    if (!isWritten) before.add(message.id);
    if (served.size === zones) setImmediate(() => opened.zones.turns.started());
  };
  opened.zones.turns.start();
  await opened.settle();
  return before;
}

describe('a start with steps that are due', () => {
  it('serves zones before it takes the first step, and then takes all', async () => {
    const opened = await ended(NAMES);
    expect((await servedBeforeFirstWrite(opened, NAMES.length)).size).toBe(NAMES.length);
    expect(new Set(NAMES.map((name) => dnskeyState(opened, name)))).toEqual(new Set(['omnipresent']));
    const { signing, signingProblem } = zoneIn(opened, ZONE);
    expect([signing!.isBehind, signingProblem]).toEqual([false, undefined]);
    expect(signing!.waiting.length, 'what comes next is known').toBeGreaterThan(0);
    const due = opened.scheduler.due(100).filter(({ key }) => key.startsWith('zone '));
    expect(due).toHaveLength(NAMES.length);
  });

  it('writes down first that data is served with a longer TTL than any before', async () => {
    const opened = await ended([ZONE]);
    opened.write(`${ZONE}zone`, zoneText(2, 'www 7200 IN A 192.0.2.1\n'));
    expect((await servedBeforeFirstWrite(opened, 1)).size).toBe(0);
    expect(opened.serial(ZONE)).toBe(2);
    expect(zoneIn(opened, ZONE).signing!.zoneState.zoneTtl.current).toBe(7_200);
  });

  it('obeys an operator meanwhile', async () => {
    const opened = await ended(NAMES);
    disk.isFull = true;
    await opened.settle();
    expect(NAMES.map((name) => zoneIn(opened, name).signing!.isBehind)).toEqual(NAMES.map(() => true));
    expect(zoneIn(opened, ZONE).signingProblem?.code).toBe('KEY_STORE_ENOSPC');
    disk.isFull = false;
    const { keeper, signing } = zoneIn(opened, ZONE);
    await (await keeper.change(async () => signing!.unchanged)).published;
    expect([signing!.isBehind, dnskeyState(opened, ZONE)]).toEqual([false, 'omnipresent']);
  });

  it('takes them when a disk that was full is not so any more', async () => {
    const opened = await ended(NAMES);
    disk.isFull = true;
    await opened.settle();
    expect(NAMES.map((name) => dnskeyState(opened, name))).toEqual(NAMES.map(() => 'rumoured'));
    disk.isFull = false;
    await opened.lapse(120);
    expect(NAMES.map((name) => dnskeyState(opened, name))).toEqual(NAMES.map(() => 'omnipresent'));
  });
});

describe('TTLs that a policy wants', () => {
  it('are served when they are written down, and not before', async () => {
    const opened = await ended([ZONE], { ...POLICY, dnskeyTtl: 86_400 });
    disk.isFull = true;
    await opened.settle();
    expect(ttlsOf(opened, ZONE, 'DNSKEY')).toEqual([20]);
    disk.isFull = false;
    await opened.lapse(120);
    expect(ttlsOf(opened, ZONE, 'DNSKEY')).toEqual([86_400]);
    expect(zoneIn(opened, ZONE).signing!.zoneState.logs.dnskey.at(-1)!.ttl).toBe(86_400);
  });
});
