/**
 * @hot What a server tells of itself in class CHAOS (RFC 4892): `version.bind` and `version.server`, `hostname.bind` and
 * `id.server`, each as far as it was told what to say.
 */
import { CLASS, RRTYPE } from '../wire/iana.ts';
import { nameOf } from '../wire/name.ts';
import type { Query } from '../wire/query.ts';
import type { Writer } from '../wire/writer.ts';

/** What is told; null: nothing, the query is refused. Plain data. At most 255 octets of text each. */
export interface Identity {
  readonly version: string | null;
  readonly hostname: string | null;
}

/** A pointer to the name of the question (RFC 1035 §4.1.4). */
const QUESTION_POINTER = 0xc00c;

interface Told {
  /** In lower case. */
  readonly name: Uint8Array;
  /** RDATA of a TXT record: one character-string. */
  readonly rdata: Uint8Array;
}

/** The TXT records of a server in class CHAOS. */
export class IdentityRecords {
  readonly #told: readonly Told[];

  constructor({ version, hostname }: Identity) {
    this.#told = [
      ...toldAs(version, 'version.bind.', 'version.server.'),
      ...toldAs(hostname, 'hostname.bind.', 'id.server.'),
    ];
  }

  /** Index of the record that answers `query`, or -1. */
  find(query: Query): number {
    if (query.qclass !== CLASS.CH) return -1;
    if (query.qtype !== RRTYPE.TXT && query.qtype !== RRTYPE.ANY) return -1;
    for (let i = 0; i < this.#told.length; i++) {
      if (isSame(this.#told[i]!.name, query.qname.octets, query.qname.length)) return i;
    }
    return -1;
  }

  /** Puts the record `index` behind the question. RFC 4892 §3: nobody shall keep it, so its TTL is 0. */
  put(writer: Writer, index: number): void {
    const { rdata } = this.#told[index]!;
    writer.putU16(QUESTION_POINTER);
    writer.putU16(RRTYPE.TXT);
    writer.putU16(CLASS.CH);
    writer.putU32(0);
    writer.putU16(rdata.length);
    writer.putOctets(rdata, 0, rdata.length);
  }
}

function toldAs(text: string | null, ...names: string[]): Told[] {
  if (text === null) return [];
  const octets = new TextEncoder().encode(text);
  const rdata = Uint8Array.of(octets.length, ...octets);
  return names.map((name) => ({ name: nameOf(name), rdata }));
}

function isSame(name: Uint8Array, octets: Uint8Array, length: number): boolean {
  if (name.length !== length) return false;
  for (let i = 0; i < length; i++) if (name[i] !== octets[i]) return false;
  return true;
}
