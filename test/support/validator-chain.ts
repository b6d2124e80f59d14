/**
 * The denial records that a zone has, worked out anew from its plain records: the whole NSEC chain, the whole NSEC3
 * chain, or the rules of compact ones. The independent validator holds what is served against them.
 */
import { TYPE } from './validator-message.ts';
import { type Name, nameToText, nameToWire, wildcardBelow } from './validator-name.ts';
import { readNsec } from './validator-nsec.ts';
import { nsec3Label, nsec3Owner } from './validator-nsec3.ts';
import type { SignedSet } from './validator-signature.ts';
import { type FactRecord, type FactSet, ZoneFacts } from './validator-zone.ts';

/** RFC 4034 §4.1.2. */
export function bitmapOf(types: readonly number[]): Buffer {
  const windows = new Map<number, Buffer>();
  for (const type of [...types].sort((a, b) => a - b)) {
    const bits = windows.get(type >> 8) ?? Buffer.alloc(32);
    windows.set(type >> 8, bits);
    bits[(type & 255) >> 3] = (bits[(type & 255) >> 3] as number) | (0x80 >> (type & 7));
  }
  const parts = [...windows].map(([window, bits]) => {
    const length = bits.findLastIndex((octet) => octet !== 0) + 1;
    return Buffer.concat([Buffer.from([window, length]), bits.subarray(0, length)]);
  });
  return Buffer.concat(parts);
}

/** Types at a name that a denial record there may show: at a cut only what is the parent's. */
function typesAt(facts: ZoneFacts, name: Name): number[] {
  const types = facts.setsAt(name).map(({ type }) => type);
  return facts.isCut(name) ? types.filter((type) => type === TYPE.NS || type === TYPE.DS) : types;
}

/** The zone with its NSEC chain (RFC 4035 §2.3): every name with data of its own or a cut. */
export function withNsec(apex: Name, records: readonly FactRecord[]): ZoneFacts {
  const facts = new ZoneFacts(apex, records);
  const owners = facts.names.filter((name) => facts.setsAt(name).length > 0).sort();
  const chain = owners.map((owner, index) => {
    const next = owners[index + 1] ?? apex;
    const types = [...new Set([...typesAt(facts, owner), TYPE.RRSIG, TYPE.NSEC])];
    const rdata = Buffer.concat([nameToWire(next), bitmapOf(types)]);
    return { owner, type: TYPE.NSEC, ttl: facts.negativeTtl, rdata };
  });
  return new ZoneFacts(apex, [...records, ...chain]);
}

/**
 * The NSEC3 record of each name, by its hashed owner (RFC 5155 §7.1). With opt-out unsigned delegations have none; what
 * is empty above them could do without, but has one.
 */
export function nsec3Chain(facts: ZoneFacts, isOptOut: boolean): Map<Name, FactSet> {
  const isLeftOut = (name: Name): boolean => facts.isCut(name) && facts.set(name, TYPE.DS) === undefined;
  const shown = isOptOut ? facts.names.filter((name) => !isLeftOut(name)) : facts.names;
  const rows = shown
    .map((name) => ({ name, hash: nsec3Label(name) }))
    .sort((a, b) => (a.hash < b.hash ? -1 : 1));
  return new Map(
    rows.map(({ name }, index) => {
      const next = (rows[index + 1] ?? rows[0]) as (typeof rows)[number];
      const types = typesAt(facts, name);
      if (facts.authoritativeTypes(name).length > 0) types.push(TYPE.RRSIG);
      const head = Buffer.from([1, isOptOut ? 1 : 0, 0, 0, 0, 20]);
      const rdata = Buffer.concat([head, octetsOfBase32hex(next.hash), bitmapOf(types)]);
      const owner = nsec3Owner(name, facts.apex);
      return [owner, { owner, type: TYPE.NSEC3, ttl: facts.negativeTtl, rdatas: [rdata] }];
    }),
  );
}

function octetsOfBase32hex(text: string): Buffer {
  let bits = 0n;
  for (const digit of text) bits = bits * 32n + BigInt(Number.parseInt(digit, 32));
  return Buffer.from(bits.toString(16).padStart(40, '0'), 'hex');
}

/** The types of a compact NSEC: all that the name, or the wildcard that stands for it, has; or that there is no name. */
function compactTypes(facts: ZoneFacts, name: Name): number[] {
  const isAbsent = !facts.exists(name) && !facts.exists(wildcardBelow(facts.encloserOf(name)));
  if (isAbsent) return [TYPE.RRSIG, TYPE.NSEC, TYPE.NXNAME];
  return [...new Set([...typesAt(facts, facts.nodeFor(name)), TYPE.RRSIG, TYPE.NSEC])];
}

/** The compact NSEC of a name below which there is room for another: its next name is the first one there. */
export function likelyCompactNsec(facts: ZoneFacts, owner: Name): FactSet {
  const next = `${owner}\0\x01` as Name;
  const rdata = Buffer.concat([nameToWire(next), bitmapOf(compactTypes(facts, owner))]);
  return { owner, type: TYPE.NSEC, ttl: facts.negativeTtl, rdatas: [rdata] };
}

/**
 * What is wrong with a compact NSEC (RFC 9824 §3): its types are those of the name, complete, or NXNAME; nothing of the
 * zone lies between it and its next name.
 */
export function compactFault(facts: ZoneFacts, set: SignedSet): string | undefined {
  const { owner, next, types } = readNsec(set);
  const [is, shall] = [[...types], compactTypes(facts, owner)].map((list) =>
    list.sort((a, b) => a - b).join(),
  );
  if (is !== shall) return `compact NSEC of ${nameToText(owner)} has types ${is}, not ${shall}`;
  const isLast = next === facts.apex && next <= owner;
  if (next <= owner && !isLast)
    return `compact NSEC of ${nameToText(owner)} goes back to ${nameToText(next)}`;
  const between = facts.names.find((name) => name > owner && (name < next || isLast));
  if (between !== undefined) return `compact NSEC of ${nameToText(owner)} skips ${nameToText(between)}`;
  return undefined;
}

/** What is wrong with a denial record, other than its signature. */
export type DenialFault = (set: SignedSet) => string | undefined;

/** Holds records of a chain against the true one. */
export function chainFault(trueSet: (owner: Name) => FactSet | undefined): DenialFault {
  return (set) => {
    const shall = trueSet(set.owner);
    if (shall === undefined) return `a denial record at ${nameToText(set.owner)}, where the chain has none`;
    if (set.ttl !== shall.ttl) return `TTL ${set.ttl} of a denial record, not ${shall.ttl} (RFC 9077)`;
    const [is] = set.rdatas;
    if (set.rdatas.length === 1 && is?.equals(shall.rdatas[0] as Buffer)) return undefined;
    return `the denial record at ${nameToText(set.owner)} is not that of the chain`;
  };
}
