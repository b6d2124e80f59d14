/** Questions for weird zones: each name of a zone, what is above, beside and below it, with types that matter there. */
import type { WeirdZone } from './differential-zones.ts';
import { isName } from './differential-zones.ts';
import { queryOctets } from './served.ts';
import { SeededRandom } from './zones.ts';

export interface DifferentialQuestion {
  /** Index of the zone for which it was made; another zone may have to answer. */
  readonly zone: number;
  /** Presentation form. */
  readonly name: string;
  readonly type: string;
  readonly edns: boolean;
  readonly octets: Uint8Array;
}

const TYPES = [
  'A',
  'AAAA',
  'NS',
  'MX',
  'TXT',
  'CNAME',
  'DNAME',
  'SOA',
  'DS',
  'ANY',
  'SRV',
  'TYPE65280',
  'SVCB',
  'HTTPS',
];
const RARE_TYPES = [
  'NSEC',
  'RRSIG',
  'PTR',
  'KX',
  'AFSDB',
  'NAPTR',
  'CAA',
  'DNSKEY',
  'NSEC3PARAM',
  'CDS',
  'TYPE1234',
];

/** The types of the zone's own records, so that answers with data are frequent. */
function typesOf(zone: WeirdZone): string[] {
  return [...new Set(zone.text.split('\n').flatMap((row) => row.split(' ')[3] ?? []))];
}

/** Leaves off the first label of a name in presentation form. */
export function parentOf(name: string): string {
  const label = /^(?:\\\d{3}|\\.|[^.\\])*\./.exec(name)?.[0] ?? name;
  return name.slice(label.length) || '.';
}

/** Names worth asking for in one zone. */
function namesOf(zone: WeirdZone, random: SeededRandom): string[] {
  const names = new Set<string>(zone.names);
  for (const name of zone.names) {
    const tail = name === '.' ? '' : name;
    names.add(`${random.pick(['q', 'a', '*', 'ns', '\\000'])}.${tail}`);
    if (random.below(3) === 0) names.add(`a.${random.pick(['b', '*', 'ent'])}.${tail}`);
    if (name !== zone.origin && random.below(2) === 0) names.add(parentOf(name));
    if (random.below(6) === 0) names.add(name.toUpperCase());
  }
  names.add(parentOf(zone.origin));
  return [...names].filter(isName);
}

/** One question; `zone` is the index of the zone for which it was made. */
export function questionFor(zone: number, name: string, type: string, edns: boolean): DifferentialQuestion {
  return { zone, name, type, edns, octets: queryOctets(name, type, { edns, payload: 4096 }) };
}

/** About `perZone` questions for each zone. */
export function generateQuestions(
  zones: readonly WeirdZone[],
  seed: number,
  perZone: number,
): DifferentialQuestion[] {
  const random = new SeededRandom(seed ^ 0x5eed);
  return zones.flatMap((zone, index) => {
    const names = namesOf(zone, random);
    const present = typesOf(zone);
    return Array.from({ length: perZone }, () => {
      const dice = random.below(20);
      const type = random.pick(dice < 7 ? present : dice < 18 ? TYPES : RARE_TYPES);
      const name = random.pick(names);
      const edns = random.below(4) > 0;
      return questionFor(index, name, type, edns);
    });
  });
}
