/**
 * Generated zones in master file form: everything a zone may hold, in odd mixtures, from a seed. The same seed gives
 * the same octets. The text uses no feature of ours: every master file parser must read it.
 */
import { createHash } from 'node:crypto';
import { nameOf } from '../../src/wire/name.ts';

/** Pseudo-random numbers from a seed (mulberry32): the same on every machine. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T;
  }

  hex(octets: number): string {
    return Array.from({ length: octets }, () => this.below(256).toString(16).padStart(2, '0')).join('');
  }
}

export interface GeneratedZone {
  /** With a final dot. */
  readonly origin: string;
  readonly text: string;
  /** Cuts whose DS record vouches for the key of RFC 6605 §6.1 (`writePublishedKey`). */
  readonly signedCuts: readonly string[];
  readonly unsignedCuts: readonly string[];
}

export interface ZoneRecipe {
  readonly origin: string;
  /** Names with records of their own, roughly. */
  readonly names: number;
  readonly seed: number;
}

const PUBLISHED_DNSKEY = Buffer.concat([
  Buffer.from([1, 1, 3, 13]),
  Buffer.from(
    'GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==',
    'base64',
  ),
]);

/** DS RDATA (SHA-256) that vouches for the key of RFC 6605 §6.1 at `owner` (RFC 4034 §5.1.4). */
export function publishedKeyDs(owner: string): string {
  const digest = createHash('sha256')
    .update(nameOf(owner.toLowerCase()))
    .update(PUBLISHED_DNSKEY)
    .digest('hex');
  return `55648 13 2 ${digest}`;
}

const WORDS = [
  'alpha',
  'bravo',
  'cargo',
  'delta',
  'echo',
  'fox',
  'golf',
  'hotel',
  'india',
  'kilo',
  'lima',
  'mike',
];
const ODD_LABELS = [
  'a\\.b',
  'sp\\032ace',
  '\\000nul',
  'q\\"uote',
  'back\\\\slash',
  '\\255\\254',
  'semi\\;colon',
  'par\\(en',
];

/** One RDATA of each of many types; `r` makes them differ. */
const RDATA: Readonly<Record<string, (r: SeededRandom, origin: string) => string>> = {
  A: (r) => `192.0.2.${r.below(256)}`,
  AAAA: (r) => `2001:db8::${r.below(65_536).toString(16)}`,
  TXT: (r) => `"text ${r.hex(4)}" "\\200\\000${r.pick(WORDS)}"`,
  MX: (r, origin) => `${r.below(100)} mail${r.below(9)}.${origin}`,
  SRV: (r, origin) => `${r.below(9)} ${r.below(9)} ${r.below(65_536)} Host${r.below(9)}.${origin}`,
  CAA: (r) => `${r.pick([0, 128])} issue "ca${r.below(9)}.example.net"`,
  TLSA: (r) => `3 1 1 ${r.hex(32)}`,
  SSHFP: (r) => `4 2 ${r.hex(32)}`,
  NAPTR: (r, origin) => `${r.below(99)} 10 "S" "SIP+D2U" "" _sip._udp.${origin}`,
  HINFO: (r) => `"${r.pick(WORDS)}" "${r.hex(2)}"`,
  RP: (r, origin) => `${r.pick(WORDS)}.${origin} ${r.pick(WORDS)}-rp.${origin}`,
  LOC: (r) =>
    `${r.below(89)} ${r.below(59)} ${r.below(59)}.000 N ${r.below(179)} 53 32.000 E -2.00m 0.00m 10000m 10m`,
  PTR: (r, origin) => `Host${r.below(99)}.${origin}`,
  URI: (r) => `${r.below(9)} 1 "https://www.example.com/${r.hex(3)}"`,
  HTTPS: (r) => `1 . alpn="h2,h3" port=${1 + r.below(65_535)} ipv4hint=192.0.2.${r.below(256)}`,
  SVCB: (r, origin) => `${1 + r.below(9)} svc${r.below(9)}.${origin} alpn="dot"`,
  KX: (r, origin) => `${r.below(9)} kx.${origin}`,
  AFSDB: (r, origin) => `1 afs${r.below(9)}.${origin}`,
  CERT: (r) => `PKIX ${r.below(65_536)} 8 ${Buffer.from(r.hex(12), 'hex').toString('base64')}`,
  DHCID: (r) => Buffer.from(`000001${r.hex(32)}`, 'hex').toString('base64'),
  EUI48: () => '00-00-5e-00-53-2a',
  TYPE65281: (r) => `\\# 4 ${r.hex(4)}`,
};
const TYPES = Object.keys(RDATA);

/** Builds one zone; see `generateZone`. */
class ZoneText {
  readonly rows: string[] = [];
  readonly signedCuts: string[] = [];
  readonly unsignedCuts: string[] = [];
  readonly #origin: string;
  readonly #random: SeededRandom;
  #serial = 0;

  constructor(origin: string, random: SeededRandom) {
    this.#origin = origin;
    this.#random = random;
    this.add(origin, 'SOA', `ns1.${origin} hostmaster.${origin} 1 7200 900 1209600 300`);
    for (const server of ['ns1', 'ns2', 'ns.outside']) {
      this.add(origin, 'NS', server === 'ns.outside' ? 'ns.example.net.' : `${server}.${origin}`);
    }
    for (const host of ['ns1', 'ns2'])
      this.add(`${host}.${origin}`, 'A', RDATA.A?.(random, origin) as string);
  }

  /** TTLs belong to RRsets, so they follow from owner and type (RFC 2181 §5.2). */
  add(owner: string, type: string, rdata: string): void {
    const ttl = 60 + ((owner.length * 37 + type.length * 1_009) % 3_600);
    this.rows.push(`${owner} ${ttl} IN ${type} ${rdata}`);
  }

  addData(owner: string): void {
    for (let count = 1 + this.#random.below(4); count > 0; count--) {
      const type = this.#random.pick(TYPES);
      for (let records = 1 + this.#random.below(3); records > 0; records--) {
        this.add(owner, type, RDATA[type]?.(this.#random, this.#origin) as string);
      }
    }
  }

  label(): string {
    return `${this.#random.pick(WORDS)}${this.#serial++}`;
  }

  plain(): void {
    this.addData(`${this.label()}.${this.#origin}`);
  }

  /** Several empty non-terminals above one name. */
  deep(): void {
    const depth = 2 + this.#random.below(this.#random.below(20) === 0 ? 60 : 6);
    const labels = Array.from({ length: depth }, () => this.#random.pick(['x', 'y', 'zz']));
    this.addData(`${labels.join('.')}.${this.label()}.${this.#origin}`);
  }

  odd(): void {
    this.addData(`${this.#random.pick(ODD_LABELS)}.${this.label()}.${this.#origin}`);
  }

  /** Labels of 63 octets, up to a name of at most 255. */
  long(): void {
    const room = Math.floor((254 - nameOf(this.#origin).length) / 64);
    const count = 1 + this.#random.below(room);
    const labels = Array.from({ length: count }, () => this.label().padEnd(63, 'l'));
    this.addData(`${labels.join('.')}.${this.#origin}`);
  }

  upperCase(): void {
    this.addData(`${this.label().toUpperCase()}.${this.#origin}`);
  }

  large(): void {
    const owner = `${this.label()}.large.${this.#origin}`;
    for (let i = 4 + this.#random.below(12); i > 0; i--) this.add(owner, 'TXT', `"${this.#random.hex(110)}"`);
  }

  wildcard(): void {
    const above = `${this.label()}.${this.#origin}`;
    if (this.#random.below(3) === 0) this.add(`*.${above}`, 'CNAME', `ns1.${this.#origin}`);
    else this.addData(`*.${above}`);
    if (this.#random.below(2) === 0) this.addData(`known.${above}`);
    if (this.#random.below(4) === 0) this.addData(`deeper.gap.${above}`);
    if (this.#random.below(6) === 0) this.addData(`below.*.${above}`);
  }

  /** A chain of CNAMEs that ends at data, at nothing, outside, or below a wildcard. */
  chain(): void {
    const labels = Array.from({ length: 1 + this.#random.below(5) }, () => this.label());
    const ends = [`ns2.${this.#origin}`, `nothing-here.${this.#origin}`, 'www.example.net.'];
    const last = this.#random.pick(ends);
    labels.forEach((label, index) => {
      const next = labels[index + 1];
      this.add(`${label}.${this.#origin}`, 'CNAME', next === undefined ? last : `${next}.${this.#origin}`);
    });
  }

  dname(): void {
    const [from, to] = [`${this.label()}.${this.#origin}`, `${this.label()}.${this.#origin}`];
    this.add(from, 'DNAME', this.#random.below(5) === 0 ? 'example.net.' : to);
    if (this.#random.below(2) === 0) this.addData(from);
    this.addData(`one.${to}`);
    this.addData(`two.three.${to}`);
  }

  cut(): void {
    const owner = `${this.label()}.${this.#random.below(4) === 0 ? 'far.away.' : ''}${this.#origin}`;
    this.add(owner, 'NS', `ns.${owner}`);
    this.add(`ns.${owner}`, 'A', '192.0.2.53');
    if (this.#random.below(2) === 0) this.add(owner, 'NS', `ns2.${this.#origin}`);
    if (this.#random.below(3) === 0) this.add(owner, 'NS', `ns.${this.unsignedCuts[0] ?? owner}`);
    if (this.#random.below(4) === 0) this.add(`occluded.${owner}`, 'TXT', '"not ours to tell"');
    if (this.#random.below(2) === 0) {
      this.add(owner, 'DS', publishedKeyDs(owner));
      this.signedCuts.push(owner);
    } else {
      this.unsignedCuts.push(owner);
    }
  }
}

/** How often each kind of name comes, in a hundred. */
const MIXTURE: readonly (readonly [number, (zone: ZoneText) => void])[] = [
  [36, (zone) => zone.plain()],
  [12, (zone) => zone.deep()],
  [6, (zone) => zone.odd()],
  [4, (zone) => zone.long()],
  [4, (zone) => zone.upperCase()],
  [2, (zone) => zone.large()],
  [10, (zone) => zone.wildcard()],
  [8, (zone) => zone.chain()],
  [6, (zone) => zone.dname()],
  [12, (zone) => zone.cut()],
];

/** Makes a zone with about `names` names. */
export function generateZone({ origin, names, seed }: ZoneRecipe): GeneratedZone {
  const random = new SeededRandom(seed);
  const zone = new ZoneText(origin, random);
  const owners = new Set<string>();
  for (let counted = 0; owners.size < names; ) {
    let dice = random.below(100);
    const row = MIXTURE.find(([share]) => (dice -= share) < 0);
    row?.[1](zone);
    for (; counted < zone.rows.length; counted++)
      owners.add((zone.rows[counted] as string).split(' ', 1)[0] as string);
  }
  const text = `; seed ${seed}\n${[...new Set(zone.rows)].join('\n')}\n`;
  return { origin, text, signedCuts: zone.signedCuts, unsignedCuts: zone.unsignedCuts };
}
