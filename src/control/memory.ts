/**
 * Memory accounted per zone. What lies in shared memory is told as it is; keys and objects by estimates, which
 * `bench:fleet` and `bench:manyzones` have measured.
 */
import type { Zone } from '../daemon/zone.ts';
import type { Epoch } from '../signer/epoch.ts';
import { OF_NODES, OF_RRSETS, tableOctets } from '../signer/tables.ts';
import { type ImageMemory, imageOctets } from '../zone/image.ts';
import type { ServerMemory, ZoneMemory } from './memory-shapes.ts';

/** A private key in shared memory and what tells of it. Threads that sign have some thousands loaded, 3 KB each. */
const KEY_OCTETS = 300;
/** The zone, its file, its epoch and its timers, in the control plane. */
const ZONE_OCTETS = 1_250;
/** What signs a zone in the control plane, beside the states of its keys. */
const SIGNING_OCTETS = 1_000;
/** The state of a key, with what it waits for: as it is worked on, and packed while it rests. */
const KEY_STATE_OCTETS = { awake: 3_000, atRest: 350 };
/** A served zone in each thread that answers. */
const THREAD_OCTETS = 250;

/** What one zone takes; `threads` answer from it. */
export function memoryOfZone({ served, signing }: Zone, threads: number): ZoneMemory {
  const state = KEY_STATE_OCTETS[signing?.isAtRest === true ? 'atRest' : 'awake'];
  const signed = signing === undefined ? 0 : SIGNING_OCTETS + signing.keys.count * state;
  const loaded = signing?.loadedKeys ?? 0;
  const epoch = served?.epoch;
  return summed({
    image: octetsOf(epoch?.image ?? null),
    chain: octetsOf(epoch?.nsec3 ?? null),
    apex: octetsOf(epoch?.apex ?? null),
    signatures: epoch === undefined ? 0 : octetsOfTables(epoch),
    keys: loaded * KEY_OCTETS,
    objects: ZONE_OCTETS + signed + (epoch === undefined ? 0 : threads * THREAD_OCTETS),
  });
}

/** What all zones take together, and the process with all else that it has. */
export function memoryOfServer(zones: readonly Zone[], threads: number): ServerMemory {
  const sum = { image: 0, chain: 0, apex: 0, signatures: 0, keys: 0, objects: 0 };
  for (const zone of zones) {
    const one = memoryOfZone(zone, threads);
    for (const kind of Object.keys(sum) as (keyof typeof sum)[]) sum[kind] += one[kind];
  }
  const { rss, heapUsed, heapTotal } = process.memoryUsage();
  return { zones: summed(sum), resident: rss, heapUsed, heapTotal };
}

function octetsOf(image: ImageMemory | null): number {
  return image === null ? 0 : imageOctets(image);
}

function octetsOfTables({ image, nsec3, denial, signers }: Epoch): number {
  const ofNodes = denial === 'compact' ? image : null;
  const each = signers.map(
    ({ algorithm }) =>
      tableOctets(image, algorithm, OF_RRSETS) +
      tableOctets(nsec3, algorithm, OF_RRSETS) +
      tableOctets(ofNodes, algorithm, OF_NODES),
  );
  return each.reduce((sum, octets) => sum + octets, 0);
}

function summed(parts: Omit<ZoneMemory, 'total'>): ZoneMemory {
  return { ...parts, total: Object.values(parts).reduce((sum, octets) => sum + octets, 0) };
}
