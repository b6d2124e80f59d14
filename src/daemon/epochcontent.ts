/** What an epoch is made of by the key states of a zone that is signed, and where it lies. */
import type { Key } from '../kasp/key.ts';
import type { Policy } from '../kasp/policy.ts';
import { cdsSet, cdsSigners, dnskeySet, dnskeySigners, zoneSigners } from '../kasp/records.ts';
import { rolloversOf, type ZoneState } from '../kasp/zonestate.ts';
import { ApexPacks } from '../signer/apexpacks.ts';
import type { Epoch, EpochContent, EpochKey, EpochPacks } from '../signer/epoch.ts';
import type { ZoneKeys } from '../store/keystore.ts';
import { ImagePack } from '../zone/imagepack.ts';
import type { LoadedDenial } from './messages.ts';

/**
 * The content that the committed state of `keys` stands for. TTLs are those of the newest versions in its logs: another one
 * that a policy wants counts when it is committed, or caches would hold records for longer than anybody waits.
 */
export function epochContent(
  { zoneState, origin }: ZoneKeys,
  policy: Policy,
  denial: LoadedDenial,
  keyOf: (key: Key) => EpochKey,
): EpochContent {
  const { keys, logs } = zoneState;
  return {
    ...cdsSet(zoneState, origin, policy),
    dnskey: dnskeySet(keys),
    dnskeyTtl: ttlOf(logs.dnskey),
    cdsTtl: ttlOf(logs.cds),
    dnskeySigners: dnskeySigners(keys).map(keyOf),
    cdsSigners: cdsSigners(zoneState).map(keyOf),
    zoneSigners: zoneSigners(keys).map(keyOf),
    validity: policy.validity,
    denial: denial.mode,
    nsec3: denial.nsec3,
  };
}

/** Of the version that is served. */
function ttlOf(log: readonly { readonly ttl: number }[]): number {
  return log.at(-1)!.ttl;
}

/** Of all zones. */
const PACKS: EpochPacks = { apexes: new ApexPacks(), tables: new ImagePack() };

/**
 * Memory that an epoch shares with those of other zones. One of a rollover is followed by another one soon: it has memory
 * of its own, which goes with it.
 */
export function packsFor(state: ZoneState, previous: Epoch | undefined): EpochPacks | undefined {
  return previous === undefined || rolloversOf(state).length === 0 ? PACKS : undefined;
}
