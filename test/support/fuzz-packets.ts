/**
 * Requests that nobody should send, from a seed: valid queries and the messages of test/corpus/packets.hex, changed
 * where a parser could stumble (lengths, counts, pointers, OPT), cut, spliced and filled with noise.
 */
import { readFileSync } from 'node:fs';
import { nameOf } from '../../src/wire/name.ts';
import { hex } from './wiretext.ts';
import { SeededRandom } from './zones.ts';

const CORPUS = new URL('../corpus/packets.hex', import.meta.url);
const OCTETS = [0, 1, 0x3f, 0x40, 0x7f, 0x80, 0xbf, 0xc0, 0xfe, 0xff];
const WORDS = [0, 1, 2, 0xff, 0x100, 0x7fff, 0x8000, 0xfffe, 0xffff];
const TYPES = [
  1, 2, 5, 6, 12, 15, 16, 28, 33, 39, 41, 43, 46, 47, 48, 50, 59, 60, 64, 65, 249, 250, 251, 252, 255, 65_280,
];
const MAX_OCTETS = 4_096;

/** The messages of the corpus. */
export function packetCorpus(): Uint8Array[] {
  const paragraphs = readFileSync(CORPUS, 'utf8').split(/\n\s*\n/);
  return paragraphs.map(hex).filter((octets) => octets.length > 0);
}

type Mutation = (octets: Uint8Array, mutator: PacketMutator) => Uint8Array;

/** An endless stream of requests; the same seed gives the same stream. */
export class PacketMutator {
  readonly random: SeededRandom;
  readonly #corpus: readonly Uint8Array[];
  readonly #names: readonly Uint8Array[];

  /** `names` are in presentation form: what valid queries ask for. */
  constructor(seed: number, names: readonly string[]) {
    this.random = new SeededRandom(seed);
    this.#corpus = packetCorpus();
    this.#names = names.map(nameOf);
  }

  /** The next request: one in three is as it was, the others have one to four mutations. */
  next(): Uint8Array {
    let octets = this.base();
    for (let count = this.random.below(3) === 0 ? 0 : 1 + this.random.below(4); count > 0; count--) {
      octets = this.random.pick(MUTATIONS)(octets, this);
    }
    return octets.length > MAX_OCTETS ? octets.slice(0, MAX_OCTETS) : octets;
  }

  /** A message of the corpus or a valid query. */
  base(): Uint8Array {
    return this.random.below(5) === 0 ? this.random.pick(this.#corpus).slice() : this.query();
  }

  /** A valid query for one of the names, or for something below it. */
  query(): Uint8Array {
    const { random } = this;
    let qname = random.pick(this.#names);
    if (random.below(3) === 0 && qname.length < 240)
      qname = Uint8Array.from([2, 113, 97 + random.below(26), ...qname]);
    const type = random.pick(TYPES);
    const hasOpt = random.below(4) > 0;
    const head = [
      random.below(256),
      random.below(256),
      random.below(2),
      0,
      0,
      1,
      0,
      0,
      0,
      0,
      0,
      hasOpt ? 1 : 0,
    ];
    return Uint8Array.from([...head, ...qname, type >> 8, type & 255, 0, 1, ...(hasOpt ? this.opt() : [])]);
  }

  /** An OPT record, mostly as it should be. */
  opt(): number[] {
    const { random } = this;
    const payload = random.pick([0, 511, 512, 513, 1_231, 1_232, 1_233, 4_096, 65_535]);
    const options = random.below(4) === 0 ? this.options() : [];
    const version = random.below(12) === 0 ? random.below(256) : 0;
    const flags = random.pick([0, 0x80, 0x80, 0xc0, 0x40]);
    return [
      0,
      0,
      41,
      payload >> 8,
      payload & 255,
      0,
      version,
      flags,
      0,
      options.length >> 8,
      options.length & 255,
      ...options,
    ];
  }

  options(): number[] {
    const { random } = this;
    const data = Array.from({ length: random.below(20) }, () => random.below(256));
    const lie = random.below(4) === 0 ? random.pick(WORDS) : data.length;
    return [0, random.below(20), lie >> 8, lie & 255, ...data];
  }

  other(): Uint8Array {
    return this.base();
  }

  at(octets: Uint8Array): number {
    return this.random.below(Math.max(1, octets.length));
  }
}

function setWord(octets: Uint8Array, at: number, word: number): Uint8Array {
  if (at + 1 < octets.length) {
    octets[at] = word >> 8;
    octets[at + 1] = word & 255;
  }
  return octets;
}

/** Offset behind the question's name, as well as it can be told. */
function behindName(octets: Uint8Array): number {
  let at = 12;
  while (at < octets.length && octets[at] !== 0 && octets[at]! < 64) at += octets[at]! + 1;
  return at + 1;
}

/** Offsets of the length octets of the question's name. */
function lengthOffsets(octets: Uint8Array): number[] {
  const offsets: number[] = [];
  for (let at = 12; at < octets.length && octets[at] !== 0 && octets[at]! < 64; at += octets[at]! + 1)
    offsets.push(at);
  return offsets;
}

const MUTATIONS: readonly Mutation[] = [
  // one bit
  (octets, mutator) => {
    if (octets.length > 0) octets[mutator.at(octets)]! ^= 1 << mutator.random.below(8);
    return octets;
  },
  // one octet that means something somewhere
  (octets, { random }) => {
    if (octets.length > 0) octets[random.below(octets.length)] = random.pick(OCTETS);
    return octets;
  },
  // a word, anywhere
  (octets, mutator) => setWord(octets, mutator.at(octets), mutator.random.pick(WORDS)),
  // a count that lies
  (octets, { random }) =>
    setWord(octets, 4 + 2 * random.below(4), random.below(3) === 0 ? random.pick(WORDS) : random.below(4)),
  // flags and opcode
  (octets, { random }) => {
    if (octets.length > 3) octets[2] = random.below(8) === 0 ? random.below(256) : random.below(128);
    return octets;
  },
  // type and class of the question
  (octets, { random }) =>
    setWord(octets, behindName(octets) + 2 * random.below(2), random.pick([...TYPES, ...WORDS])),
  // a label length that lies
  (octets, { random }) => {
    const offsets = lengthOffsets(octets);
    if (offsets.length > 0) octets[random.pick(offsets)]! += random.pick([1, 255, 2, 63]);
    return octets;
  },
  // a pointer: to itself, into the header, forwards, backwards
  (octets, mutator) => {
    const at = 12 + mutator.random.below(Math.max(1, octets.length - 12));
    const to = mutator.random.pick([at, mutator.random.below(12), at + 2, 12, mutator.random.below(0x4000)]);
    return setWord(octets, at, 0xc000 | to);
  },
  // cut
  (octets, mutator) => octets.slice(0, mutator.at(octets)),
  // cut the last few octets
  (octets, { random }) => octets.slice(0, Math.max(0, octets.length - 1 - random.below(4))),
  // noise behind the end
  (octets, { random }) =>
    Uint8Array.from([...octets, ...Array.from({ length: 1 + random.below(40) }, () => random.below(256))]),
  // one more OPT, counted or not
  (octets, mutator) => {
    const longer = Uint8Array.from([...octets, ...mutator.opt()]);
    return mutator.random.below(2) === 0
      ? setWord(longer, 10, (((longer[10] ?? 0) << 8) | (longer[11] ?? 0)) + 1)
      : longer;
  },
  // a record of another type, counted in any section
  (octets, { random }) => {
    const type = random.pick(TYPES);
    const data = Array.from({ length: random.below(12) }, () => random.below(256));
    const lie = random.below(3) === 0 ? random.pick(WORDS) : data.length;
    const record = [0, type >> 8, type & 255, 0, 1, 0, 0, 0, 0, lie >> 8, lie & 255, ...data];
    return setWord(Uint8Array.from([...octets, ...record]), 6 + 2 * random.below(3), 1);
  },
  // the head of one message and the tail of another
  (octets, mutator) => {
    const other = mutator.other();
    return Uint8Array.from([...octets.subarray(0, mutator.at(octets)), ...other.subarray(mutator.at(other))]);
  },
  // a piece twice
  (octets, mutator) => {
    const [from, to] = [mutator.at(octets), mutator.at(octets)].sort((a, b) => a - b) as [number, number];
    return Uint8Array.from([...octets.subarray(0, to), ...octets.subarray(from)]);
  },
  // letters in the other case
  (octets, { random }) =>
    octets.map((octet, at) =>
      at >= 12 && octet >= 97 && octet <= 122 && random.below(2) === 0 ? octet - 32 : octet,
    ),
  // a long name
  (octets, { random }) => {
    const labels = Array.from({ length: 1 + random.below(5) }, () => [
      63,
      ...new Uint8Array(63).fill(97 + random.below(26)),
    ]);
    return Uint8Array.from([...octets.subarray(0, 12), ...labels.flat(), ...octets.subarray(12)]);
  },
  // many labels
  (octets, { random }) => {
    const labels = Array.from({ length: 100 + random.below(40) }, () => [1, random.below(256)]);
    return Uint8Array.from([...octets.subarray(0, 12), ...labels.flat(), ...octets.subarray(12)]);
  },
];
