/**
 * Small, weird zones for the comparison with other servers: what RFC 1034 §4.3.2, 4592 and 6672 have to say, in as
 * many collisions as fit. All zones of one hosting are meant for one server: aliases and delegations lead from one to
 * another. The same seed gives the same octets.
 */
import { nameOf } from '../../src/wire/name.ts';
import { SeededRandom } from './zones.ts';

/** A zone and the names in it that are worth a question. */
export interface WeirdZone {
  /** With a final dot. */
  readonly origin: string;
  readonly text: string;
  readonly names: readonly string[];
}

const LABELS = ['a', 'b', 'c', 'd', 'ns', 'mx', 'www', '_tcp', 'x1', '00'];
const ODD_LABELS = [
  'a\\.b',
  'a\\032b',
  '\\000',
  'x\\000',
  '\\255',
  '\\@',
  '\\"q',
  'b\\\\s',
  'p\\(',
  '\\;',
  '\\*x',
  '\\009',
];
const OUTSIDE = ['www.outside.invalid.', 'a.b.nowhere.', 'outside.'];
const DIGEST = '49fd46e6c4b45c55d4ac49fd46e6c4b45c55d4ac49fd46e6c4b45c55d4acabcd';

/** One zone under construction. Rows that no server could load (a CNAME beside other data) are left out. */
class Sketch {
  readonly origin: string;
  readonly random: SeededRandom;
  readonly rows: string[] = [];
  /** Owners and their types, in presentation form as written. */
  readonly owners = new Map<string, Set<string>>();
  readonly names = new Set<string>();
  /** Names of other zones of this hosting. */
  readonly elsewhere: readonly string[];
  readonly #dnames: string[] = [];

  constructor(origin: string, random: SeededRandom, elsewhere: readonly string[]) {
    this.origin = origin;
    this.random = random;
    this.elsewhere = elsewhere;
    this.names.add(origin);
  }

  /** `labels` below the origin. */
  at(labels: string): string {
    return this.origin === '.' ? `${labels}.` : `${labels}.${this.origin}`;
  }

  has(owner: string, type: string): boolean {
    return this.owners.get(owner)?.has(type) === true;
  }

  /** Adds a record unless it cannot stand where it would; tells if it was added. */
  add(owner: string, type: string, rdata: string, ttl?: number): boolean {
    const isAlias = type === 'CNAME' || type === 'DNAME' || type === 'NS';
    if (!isName(owner) || (isAlias && !isName(rdata)) || !this.isAllowed(owner, type)) return false;
    const types = this.owners.get(owner) ?? new Set();
    this.owners.set(owner, types.add(type));
    if (type === 'DNAME') this.#dnames.push(owner);
    this.names.add(owner);
    this.rows.push(`${owner} ${ttl ?? 60 * (1 + (owner.length % 7))} IN ${type} ${rdata}`);
    return true;
  }

  isAllowed(owner: string, type: string): boolean {
    const types = this.owners.get(owner) ?? new Set<string>();
    if (types.has('CNAME') || (type === 'CNAME' && types.size > 0)) return false;
    if (this.#dnames.some((above) => owner !== above && isBelow(owner, above))) return false;
    if (type !== 'DNAME') return true;
    const isTaken = types.has('DNAME') || (types.has('NS') && owner !== this.origin);
    return !isTaken && ![...this.owners.keys()].some((other) => other !== owner && isBelow(other, owner));
  }

  address(owner: string): void {
    if (this.random.below(4) > 0) this.add(owner, 'A', `192.0.2.${this.random.below(256)}`);
    if (this.random.below(3) === 0) this.add(owner, 'AAAA', `2001:db8::${this.random.below(9_999)}`);
  }

  label(): string {
    return this.random.pick(this.random.below(12) === 0 ? ODD_LABELS : LABELS);
  }

  /** One to three labels below the origin, or below a name that is there already. */
  name(): string {
    const random = this.random;
    if (random.below(3) === 0) {
      const child = `${this.label()}.${random.pick([...this.owners.keys()])}`.replace(/\.\.$/, '.');
      if (isName(child)) return child;
    }
    const depth = 1 + random.below(3);
    return this.at(Array.from({ length: depth }, () => this.label()).join('.'));
  }

  /** Where an alias may lead: a name that is there, might be there, is in another zone, or is outside. */
  target(): string {
    const name = this.#anyTarget();
    return isName(name) ? name : this.origin;
  }

  #anyTarget(): string {
    const dice = this.random.below(10);
    if (dice < 4) return this.random.pick([...this.names]);
    if (dice < 6) return this.name();
    if (dice < 9 && this.elsewhere.length > 0) return this.random.pick(this.elsewhere);
    return this.random.pick(OUTSIDE);
  }
}

/** True if text is a name that fits 255 octets. */
export function isName(text: string): boolean {
  try {
    return nameOf(text).length <= 255;
  } catch {
    return false; // too long: the caller leaves it out
  }
}

function isBelow(name: string, above: string): boolean {
  return above === '.' || name === above || name.endsWith(`.${above}`);
}

// ---- What may be in a zone ----

const DATA: Readonly<Record<string, (zone: Sketch) => string>> = {
  A: ({ random }) => `192.0.2.${random.below(256)}`,
  AAAA: ({ random }) => `2001:db8::${random.below(9_999)}`,
  TXT: ({ random }) => `"t${random.below(99)}" "\\000\\255"`,
  MX: (zone) => `${zone.random.below(9)} ${zone.target()}`,
  SRV: (zone) => `0 5 ${zone.random.below(9_999)} ${zone.target()}`,
  SVCB: (zone) => `1 ${zone.random.pick(['.', zone.target()])} port=853`,
  HTTPS: (zone) => `${zone.random.below(2)} ${zone.target()}`,
  PTR: (zone) => zone.target(),
  NAPTR: (zone) => `1 1 "S" "x" "" ${zone.target()}`,
  AFSDB: (zone) => `1 ${zone.target()}`,
  KX: (zone) => `1 ${zone.target()}`,
  CAA: () => '0 issue "ca.example"',
  TYPE65280: ({ random }) => `\\# 2 ${random.hex(2)}`,
};
const DATA_TYPES = Object.keys(DATA);

function addData(zone: Sketch, owner: string): void {
  for (let count = 1 + zone.random.below(3); count > 0; count--) {
    const type = zone.random.pick(DATA_TYPES);
    const rdata = (DATA[type] as (zone: Sketch) => string)(zone);
    // A HTTPS or SVCB record in alias mode stands alone, without parameters.
    zone.add(owner, type, rdata);
  }
}

function plain(zone: Sketch): void {
  addData(zone, zone.name());
  zone.address(zone.name());
}

function emptyNonTerminals(zone: Sketch): void {
  addData(zone, `${zone.label()}.${zone.label()}.ent.${zone.label()}.${zone.origin}`.replace(/\.\.$/, '.'));
}

function deep(zone: Sketch): void {
  const { random } = zone;
  const room = 250 - nameOf(zone.origin).length;
  const isLong = random.below(2) === 0;
  const label = isLong ? 'l'.repeat(63) : 'x';
  const count = Math.max(1, Math.floor(room / (label.length + 1)) - random.below(3));
  addData(zone, zone.at(Array.from({ length: count }, () => label).join('.')));
}

/** A delegation with every kind of name server, now and then with something below it. */
function cut(zone: Sketch): void {
  const { random } = zone;
  const owner = zone.name();
  if (zone.owners.has(owner) || owner === zone.origin) return;
  const other = `${zone.label()}.${owner}`;
  const servers = [
    owner,
    `ns.${owner}`,
    `ns.x.${owner}`,
    zone.at('ns'),
    `ns.${zone.at('b')}`,
    zone.target(),
    other,
  ];
  for (let count = 1 + random.below(3); count > 0; count--) {
    const server = random.pick(servers);
    if (!zone.add(owner, 'NS', server)) return;
    if (isBelow(server, zone.origin) && random.below(4) > 0) zone.address(server);
  }
  if (random.below(2) === 0) zone.add(owner, 'DS', `${random.below(65_536)} 13 2 ${DIGEST}`);
  if (random.below(5) === 0) zone.add(owner, 'TXT', '"at the cut"');
  if (random.below(4) === 0) addData(zone, other);
  if (random.below(5) === 0) zone.add(`sub.${other}`, 'NS', `ns.sub.${other}`);
  if (random.below(6) === 0) zone.add(`alias.${owner}`, 'CNAME', zone.target());
  if (random.below(6) === 0) addData(zone, `*.${owner}`);
}

function wildcard(zone: Sketch): void {
  const { random } = zone;
  const above = random.below(4) === 0 ? zone.origin : zone.name();
  const owner = `*.${above}`.replace(/\.\.$/, '.');
  const kind = random.below(10);
  if (kind < 3) zone.add(owner, 'CNAME', random.below(3) === 0 ? `q.${above}` : zone.target());
  else if (kind === 3) addData(zone, `${zone.label()}.${owner}`);
  else if (kind === 4) addData(zone, `*.${owner}`);
  else addData(zone, owner);
  if (random.below(3) === 0) addData(zone, `known.${above}`.replace(/\.\.$/, '.'));
  if (random.below(4) === 0) addData(zone, `deep.gap.${above}`.replace(/\.\.$/, '.'));
  if (random.below(4) === 0) addData(zone, `below.${owner}`);
  zone.names.add(`q.${above}`.replace(/\.\.$/, '.'));
  zone.names.add(`q.r.${above}`.replace(/\.\.$/, '.'));
}

/** A chain of aliases, or a loop of one to three. */
function chain(zone: Sketch): void {
  const { random } = zone;
  const length = random.below(20) === 0 ? 8 + random.below(14) : 1 + random.below(3);
  const links = Array.from({ length }, (_, index) => `${random.pick(['l', 'm'])}${index}.${zone.name()}`);
  const isLoop = random.below(4) === 0;
  links.forEach((link, index) => {
    const last = isLoop ? (links[random.below(links.length)] as string) : zone.target();
    zone.add(link, 'CNAME', links[index + 1] ?? last);
  });
}

function dname(zone: Sketch): void {
  const { random } = zone;
  const owner = zone.name();
  const long = zone.at(Array.from({ length: 3 }, () => 'y'.repeat(40)).join('.'));
  const targets = [zone.target(), zone.target(), zone.name(), zone.origin, '.', long];
  // A target below the owner grows until it is too long.
  const target = random.below(40) === 0 ? `x.${owner}` : random.pick(targets);
  if (target === owner || !isName(target) || owner === zone.origin) return;
  if (!zone.add(owner, 'DNAME', target)) return;
  if (random.below(3) === 0) addData(zone, owner);
  if (isBelow(target, zone.origin) && random.below(2) === 0)
    addData(zone, `a.${target}`.replace(/\.\.$/, '.'));
  zone.names.add(`a.${owner}`);
  zone.names.add(`b.a.${owner}`);
  zone.names.add(`${Array.from({ length: 3 }, () => 'z'.repeat(50)).join('.')}.${owner}`);
}

/** A DNAME at the apex: nothing may be below it (RFC 6672 §2.4). */
function apexDname(zone: Sketch): void {
  if (zone.add(zone.origin, 'DNAME', zone.target())) zone.names.add(zone.at('a')).add(zone.at('b.a'));
}

/** NS below a wildcard: undefined by RFC 4592 §4.2, but loaded by some. */
function wildcardCut(zone: Sketch): void {
  zone.add(`*.${zone.name()}`, 'NS', zone.target());
}

const FEATURES: readonly (readonly [number, (zone: Sketch) => void])[] = [
  [20, plain],
  [10, emptyNonTerminals],
  [5, deep],
  [22, cut],
  [18, wildcard],
  [14, chain],
  [12, dname],
  [1, apexDname],
  [1, wildcardCut],
];

function addFeature(zone: Sketch): void {
  let dice = zone.random.below(FEATURES.reduce((sum, [share]) => sum + share, 0));
  FEATURES.find(([share]) => (dice -= share) < 0)?.[1](zone);
}

/** The apex: SOA, name servers inside, outside or both. */
function startZone(zone: Sketch): void {
  const { random, origin } = zone;
  const minimum = random.pick([30, 300, 86_400]);
  zone.add(
    origin,
    'SOA',
    `ns.outside. hostmaster.outside. ${1 + random.below(99)} 7200 900 1209600 ${minimum}`,
    600,
  );
  const kind = random.below(3);
  if (kind > 0) zone.add(origin, 'NS', 'ns.outside.', 900);
  if (kind === 1) return;
  zone.add(origin, 'NS', zone.at('ns'), 900);
  zone.add(zone.at('ns'), 'A', '192.0.2.1');
  zone.address(zone.at('ns'));
  if (random.below(4) === 0) addData(zone, origin);
}

function originOf(index: number, random: SeededRandom, parents: readonly WeirdZone[]): string {
  const dice = random.below(12);
  const parent = parents.length > 0 ? random.pick(parents) : undefined;
  if (dice < 3 && parent !== undefined && parent.origin.length < 60) {
    // Below a name of the parent: a cut, glue, a wildcard's or a DNAME's subtree, or nothing at all.
    const above = random.pick(parent.names.filter((name) => name.length < 60));
    return `${random.below(2) === 0 ? '' : `z${index}.`}${above}`.replace(/\.\.$/, '.');
  }
  if (dice === 3) return `tld${index}.`;
  if (dice === 4) return `${random.pick(ODD_LABELS)}.z${index}.test.`;
  if (dice === 5)
    return `${Array.from({ length: 2 + random.below(30) }, () => 'e').join('.')}.z${index}.test.`;
  return `z${index}.test.`;
}

/** Makes `count` zones for one server; with `root`, one of them is the root zone. */
export function generateHosting(seed: number, count: number, root = false): WeirdZone[] {
  const random = new SeededRandom(seed);
  const zones: WeirdZone[] = [];
  const origins = new Set<string>();
  const elsewhere: string[] = [];
  while (zones.length < count) {
    const origin = root && zones.length === 0 ? '.' : originOf(zones.length, random, zones);
    const key = Buffer.from(nameOf(origin)).toString('latin1').toLowerCase();
    if (origins.has(key) || (origin === '.' && !root)) continue;
    origins.add(key);
    const sketch = new Sketch(origin, random, elsewhere);
    startZone(sketch);
    for (let features = 1 + random.below(6); features > 0; features--) addFeature(sketch);
    const names = [...sketch.names].filter(isName);
    zones.push({ origin, text: `${[...new Set(sketch.rows)].join('\n')}\n`, names });
    elsewhere.push(random.pick(names), random.pick(names));
  }
  return zones;
}
