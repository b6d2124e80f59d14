/**
 * Signatures as the independent validator judges them (RFC 4034 §3.1.8, 4035 §5.3, 6605, 8080), by `node:crypto` alone.
 */
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { TYPE, type WireRecord } from './validator-message.ts';
import {
  isWildcard,
  labelCount,
  Malformed,
  type Name,
  nameAt,
  nameToText,
  nameToWire,
  truncateTo,
  wildcardBelow,
} from './validator-name.ts';

/** A key that is trusted for a zone. */
export interface TrustedKey {
  readonly tag: number;
  readonly algorithm: number;
  readonly key: KeyObject;
}

/** Records of one owner and type, and the signatures beside them. */
export interface SignedSet {
  readonly owner: Name;
  readonly type: number;
  readonly ttl: number;
  /** Canonical, in order of the message. */
  readonly rdatas: readonly Buffer[];
  readonly signatures: readonly WireRecord[];
}

/** RFC 4034 appendix B. */
export function keyTagOf(dnskey: Buffer): number {
  let sum = 0;
  for (const [index, octet] of dnskey.entries()) sum += index % 2 === 0 ? octet << 8 : octet;
  return (sum + (sum >>> 16)) & 0xffff;
}

/** Reads DNSKEY RDATA of the algorithms 13, 14 and 15. */
export function trustKey(dnskey: Buffer): TrustedKey {
  const algorithm = dnskey.readUInt8(3);
  const octets = dnskey.subarray(4);
  const b64 = (part: Buffer): string => part.toString('base64url');
  const half = octets.length / 2;
  const point = { x: b64(octets.subarray(0, half)), y: b64(octets.subarray(half)) };
  const forms: Record<number, Record<string, string>> = {
    13: { kty: 'EC', crv: 'P-256', ...point },
    14: { kty: 'EC', crv: 'P-384', ...point },
    15: { kty: 'OKP', crv: 'Ed25519', x: b64(octets) },
  };
  const form = forms[algorithm];
  if (form === undefined) throw new Error(`algorithm ${algorithm}`);
  return { tag: keyTagOf(dnskey), algorithm, key: createPublicKey({ format: 'jwk', key: form }) };
}

const HASHES: Readonly<Record<number, string | undefined>> = { 13: 'sha256', 14: 'sha384' };

/** Labels of an owner as a signature counts them: an asterisk in front is none (RFC 4034 §3.1.3). */
export function signedLabels(owner: Name): number {
  return labelCount(owner) - (isWildcard(owner) ? 1 : 0);
}

/** Judges signatures of one zone. Remembers what it judged: a chain of proofs shows the same records again. */
export class SignatureJudge {
  readonly #apex: Name;
  readonly #keys: readonly TrustedKey[];
  readonly #known = new Map<string, boolean>();
  /** Signatures that were verified. */
  verified = 0;

  constructor(apex: Name, keys: readonly TrustedKey[]) {
    this.#apex = apex;
    this.#keys = keys;
  }

  /**
   * Why the set is not secure at `now`, or the number of labels that its signatures cover: fewer than the owner has say
   * that it was made from a wildcard. Every signature must be good, and every algorithm of the keys be there.
   */
  judge(set: SignedSet, now: number): number | string {
    const what = `${nameToText(set.owner)} type ${set.type}`;
    if (set.signatures.length === 0) return `${what} has no signature`;
    const labels = new Set<number>();
    const algorithms = new Set<number>();
    for (const { rdata, ttl } of set.signatures) {
      if (ttl !== set.ttl) return `a signature of ${what} has TTL ${ttl}, not ${set.ttl}`;
      const fault = this.#faultOf(set, rdata, now);
      if (fault !== undefined) return `${what}: ${fault}`;
      labels.add(rdata.readUInt8(3));
      algorithms.add(rdata.readUInt8(2));
    }
    if (labels.size > 1) return `${what}: signatures disagree about the labels`;
    const missing = this.#keys.find(({ algorithm }) => !algorithms.has(algorithm));
    if (missing !== undefined) return `${what} is not signed by algorithm ${missing.algorithm}`;
    return [...labels][0] as number;
  }

  #faultOf(set: SignedSet, rrsig: Buffer, now: number): string | undefined {
    const [covered, algorithm, labels] = [rrsig.readUInt16BE(0), rrsig.readUInt8(2), rrsig.readUInt8(3)];
    const originalTtl = rrsig.readUInt32BE(4);
    const [expiration, inception] = [rrsig.readUInt32BE(8), rrsig.readUInt32BE(12)];
    const signer = nameAt(rrsig, 18);
    if (covered !== set.type) return `signature covers type ${covered}`;
    if (signer.name !== this.#apex) return `signer is ${nameToText(signer.name)}`;
    if (((now - inception) | 0) < 0) return 'signature is not valid yet';
    if (((expiration - now) | 0) < 0) return 'signature has expired';
    if (set.ttl > originalTtl) return `TTL ${set.ttl} is over the original ${originalTtl}`;
    // The zone's own server has no reason to say less, but of the SOA beside a denial (RFC 2308 §3).
    if (set.ttl < originalTtl && set.type !== TYPE.SOA)
      return `TTL ${set.ttl} is below the original ${originalTtl}`;
    if (labels > signedLabels(set.owner) || labels < signedLabels(this.#apex)) return `labels are ${labels}`;
    const tag = rrsig.readUInt16BE(16);
    const key = this.#keys.find((one) => one.tag === tag && one.algorithm === algorithm);
    if (key === undefined) return `no trusted key ${tag} of algorithm ${algorithm}`;
    const signed = signedOctets(set, rrsig.subarray(0, signer.end), labels, originalTtl);
    return this.#verifies(key, signed, rrsig.subarray(signer.end)) ? undefined : 'signature does not verify';
  }

  #verifies(key: TrustedKey, signed: Buffer, signature: Buffer): boolean {
    const digest = createHash('sha256').update(signature).update(signed).digest('base64');
    const known = this.#known.get(digest);
    if (known !== undefined) return known;
    const hash = HASHES[key.algorithm] ?? null;
    const isGood = verify(hash, signed, { key: key.key, dsaEncoding: 'ieee-p1363' }, signature);
    this.verified++;
    this.#known.set(digest, isGood);
    return isGood;
  }
}

function signedOctets(set: SignedSet, head: Buffer, labels: number, originalTtl: number): Buffer {
  const isExpanded = labels < signedLabels(set.owner);
  const owner = nameToWire(isExpanded ? wildcardBelow(truncateTo(set.owner, labels)) : set.owner);
  const fixed = Buffer.alloc(8);
  fixed.writeUInt16BE(set.type, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(originalTtl, 4);
  const signerLower = Buffer.concat([head.subarray(0, 18), nameToWire(nameAt(head, 18).name)]);
  const records = [...set.rdatas].sort(Buffer.compare).flatMap((rdata) => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(rdata.length);
    return [owner, fixed, length, rdata];
  });
  return Buffer.concat([signerLower, ...records]);
}

/** What a section is made of: sets in order, each with its signatures; throws for what fits no set. */
export function setsOf(records: readonly WireRecord[]): SignedSet[] {
  const sets: (SignedSet & { rdatas: Buffer[]; signatures: WireRecord[] })[] = [];
  const find = (owner: Name, type: number) => sets.find((set) => set.owner === owner && set.type === type);
  for (const record of records) {
    const { owner, type, ttl, rdata } = record;
    if (record.class !== 1) throw new Malformed(`class ${record.class} at ${nameToText(owner)}`);
    if (type === TYPE.RRSIG) continue;
    const set = find(owner, type);
    if (set === undefined) sets.push({ owner, type, ttl, rdatas: [rdata], signatures: [] });
    else if (set.ttl !== ttl) throw new Malformed(`TTLs differ at ${nameToText(owner)} type ${type}`);
    else if (set.rdatas.some((other) => other.equals(rdata)))
      throw new Malformed(`${nameToText(owner)} twice`);
    else set.rdatas.push(rdata);
  }
  for (const record of records.filter(({ type }) => type === TYPE.RRSIG)) {
    const set = find(record.owner, record.rdata.readUInt16BE(0));
    if (set === undefined) {
      throw new Malformed(
        `${nameToText(record.owner)}: a signature of type ${record.rdata.readUInt16BE(0)} alone`,
      );
    }
    if (set.signatures.some(({ rdata }) => rdata.equals(record.rdata)))
      throw new Malformed('a signature twice');
    set.signatures.push(record);
  }
  return sets;
}
