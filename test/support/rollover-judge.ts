/**
 * An independent judge of rollovers (ROLLOVER 6.1, 6.2). It is given what was really served and published, by ids of
 * keys, and decides for every combination of versions that caches may hold together whether a validator accepts it.
 *
 * Fetches are independent, so the caches that can exist at an instant are the product of the versions that are alive
 * then; a combination exists from the latest `first` to the earliest `deadAt` of its members. Shares no code with
 * `src/kasp`, nor does it read its logs.
 */

/** A version was obtainable during `[first, last)` and may be in caches until `deadAt`; both Infinity while open. */
export interface Lifespan {
  readonly first: number;
  last: number;
  deadAt: number;
  readonly ttl: number;
}

/** A DNSKEY RRset and who signed it; no keys: there is none. */
export interface ServedDnskey extends Lifespan {
  readonly keys: readonly string[];
  readonly signers: readonly string[];
}

/** Who signed the zone's data; nobody: unsigned. */
export interface ServedZone extends Lifespan {
  readonly signers: readonly string[];
}

export interface ServedCds extends Lifespan {
  readonly keys: readonly string[];
  readonly isDelete: boolean;
  readonly signers: readonly string[];
}

/** The DS RRset of the parent; no keys: proven not to exist. */
export interface ServedDs extends Lifespan {
  readonly keys: readonly string[];
}

export interface Histories {
  readonly dnskey: ServedDnskey[];
  readonly zone: ServedZone[];
  readonly cds: ServedCds[];
  readonly ds: ServedDs[];
}

/** What applies to the run as a whole. */
export interface Rules {
  /** Algorithm of each key that ever was. */
  readonly algorithms: ReadonlyMap<string, number>;
  /** P3: validators that insist on every algorithm in DNSKEY (the conservative method only). */
  readonly isKeyStrict: boolean;
  /** P4: the zone shall never be proven insecure again once it has had a DS. */
  readonly isEverSecure: boolean;
}

export interface Finding {
  readonly property: 'P1' | 'P2' | 'P3' | 'P4' | 'P5' | 'P10';
  readonly versions: string;
  readonly from: number;
  readonly until: number;
}

/** All violations of P1 to P5; an empty list is the proof that no cache ever saw the zone as bogus. */
export function judge(histories: Histories, rules: Rules): Finding[] {
  const findings: Finding[] = [...judgeDelegation(histories, rules)];
  for (const ds of histories.ds) {
    if (ds.keys.length === 0) continue;
    for (const dnskey of histories.dnskey) {
      if (!overlap(ds, dnskey)) continue;
      for (const zone of histories.zone) findings.push(...judgeData({ ds, dnskey, zone }, rules));
      for (const cds of histories.cds) findings.push(...judgeCds({ ds, dnskey, cds }));
    }
  }
  return findings;
}

interface DataTriple {
  readonly ds: ServedDs;
  readonly dnskey: ServedDnskey;
  readonly zone: ServedZone;
}

function judgeData({ ds, dnskey, zone }: DataTriple, rules: Rules): Finding[] {
  const span = overlap(ds, dnskey, zone);
  if (span === undefined) return [];
  const { algorithms, isKeyStrict } = rules;
  const algorithmOf = (id: string) => algorithms.get(id);
  const links = new Set(
    both(dnskey.keys, dnskey.signers)
      .filter((id) => ds.keys.includes(id))
      .map(algorithmOf),
  );
  const signatures = new Set(both(dnskey.keys, zone.signers).map(algorithmOf));
  const broken: Finding['property'][] = [];
  if (links.size === 0 || signatures.size === 0) broken.push('P1');
  // All keys have the same digest types, so that the DS of the highest digest number are all of them.
  else if (ds.keys.map(algorithmOf).some((a) => !links.has(a) || !signatures.has(a))) broken.push('P2');
  if (isKeyStrict && dnskey.keys.map(algorithmOf).some((a) => !signatures.has(a))) broken.push('P3');
  const chain = `DS ${list(ds.keys)}, DNSKEY ${list(dnskey.keys)} by ${list(dnskey.signers)}`;
  const versions = `${chain}, data by ${list(zone.signers)}`;
  return broken.map((property) => ({ property, versions, ...span }));
}

/** P4: no cache can hold the proof that there is no DS, but for the one from before the first DS. */
function judgeDelegation({ ds }: Histories, { isEverSecure }: Rules): Finding[] {
  if (!isEverSecure) return [];
  const firstSecure = ds.findIndex(({ keys }) => keys.length > 0);
  return ds
    .slice(firstSecure === -1 ? ds.length : firstSecure)
    .filter(({ keys }) => keys.length === 0)
    .map(({ first, deadAt }) => ({ property: 'P4', versions: 'DS {}', from: first, until: deadAt }));
}

interface CdsTriple {
  readonly ds: ServedDs;
  readonly dnskey: ServedDnskey;
  readonly cds: ServedCds;
}

/** P5: cached CDS verify with any cached DNSKEY, and what a parent can get now with its DS of now. */
function judgeCds({ ds, dnskey, cds }: CdsTriple): Finding[] {
  if (cds.keys.length === 0 && !cds.isDelete) return [];
  const span = overlap(ds, dnskey, cds);
  if (span === undefined) return [];
  const verifying = both(dnskey.keys, cds.signers);
  const versions = `DS ${list(ds.keys)}, DNSKEY ${list(dnskey.keys)}, CDS ${list(cds.keys)} by ${list(cds.signers)}`;
  if (verifying.length === 0) return [{ property: 'P5', versions, ...span }];
  const current = overlap(obtainable(ds), obtainable(dnskey), obtainable(cds));
  if (current === undefined) return [];
  const isTrusted = both(dnskey.keys, dnskey.signers).some((id) => ds.keys.includes(id));
  return isTrusted ? [] : [{ property: 'P5', versions: `now ${versions}`, ...current }];
}

function obtainable(version: Lifespan): Lifespan {
  return { ...version, deadAt: version.last };
}

/**
 * P10: what the machine claims of its keys at `now`, as `dnskey/krrsig/zrrsig/ds` in one letter each: O only if every
 * version in caches has the record, H only if none has.
 */
export function judgeClaims(
  claims: ReadonlyMap<string, string>,
  histories: Histories,
  now: number,
): Finding[] {
  const alive = <T extends Lifespan>(versions: readonly T[]) =>
    versions.filter(({ first, deadAt }) => first <= now && now < deadAt);
  const holders: [string, (readonly string[])[]][] = [
    ['dnskey', alive(histories.dnskey).map(({ keys }) => keys)],
    ['krrsig', alive(histories.dnskey).map(({ signers }) => signers)],
    ['zrrsig', alive(histories.zone).map(({ signers }) => signers)],
    ['ds', alive(histories.ds).map(({ keys }) => keys)],
  ];
  return [...claims].flatMap(([id, states]) =>
    holders.flatMap(([record, versions], index): Finding[] => {
      const state = states.split('/')[index];
      const isFalse =
        (state === 'O' && versions.some((ids) => !ids.includes(id))) ||
        (state === 'H' && versions.some((ids) => ids.includes(id)));
      const claim = `${record}(${id}) is ${state}, alive: ${versions.map(list).join(' ')}`;
      return isFalse ? [{ property: 'P10', versions: claim, from: now, until: now }] : [];
    }),
  );
}

/** When all of these may be in caches together; undefined if never. */
function overlap(...versions: readonly Lifespan[]): { from: number; until: number } | undefined {
  const from = Math.max(...versions.map(({ first }) => first));
  const until = Math.min(...versions.map(({ deadAt }) => deadAt));
  return from < until ? { from, until } : undefined;
}

function both(some: readonly string[], others: readonly string[]): string[] {
  return some.filter((id) => others.includes(id));
}

/** `{K1,Z1}`. */
export function list(ids: readonly string[]): string {
  return `{${ids.join(',')}}`;
}

/** Lines for a failing test: what could be cached together, and from when until when. */
export function formatFindings(findings: readonly Finding[], formatAt: (at: number) => string): string {
  const until = (at: number) => (Number.isFinite(at) ? formatAt(at) : 'ever');
  return findings
    .map(
      ({ property, versions, from, until: end }) =>
        `${property} ${formatAt(from)}..${until(end)} ${versions}`,
    )
    .join('\n');
}
