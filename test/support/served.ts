/** Zones from text to a responder, without sockets: the real core, with keys made from fixed octets and a given now. */
import { Responder } from '../../src/answer/respond.ts';
import { ZoneTable } from '../../src/answer/zonetable.ts';
import { Counters } from '../../src/base/counters.ts';
import { formatDiagnostic } from '../../src/base/diagnostic.ts';
import { type UnixSeconds, unixSeconds } from '../../src/base/time.ts';
import { dnskeyRdata, FLAGS_SEP, keyTag } from '../../src/dnssec/dnskey.ts';
import { dsRdata } from '../../src/dnssec/ds.ts';
import { generateKey } from '../../src/dnssec/keypair.ts';
import { lendPrivateKey } from '../../src/dnssec/privatekey.ts';
import type { DenialMode } from '../../src/kasp/policy.ts';
import {
  buildEpoch,
  type Epoch,
  type EpochContent,
  type EpochKey,
  type EpochPacks,
  unsignedEpoch,
} from '../../src/signer/epoch.ts';
import { ALGORITHM, parseType } from '../../src/wire/iana.ts';
import { nameOf } from '../../src/wire/name.ts';
import { Peer } from '../../src/wire/peer.ts';
import { compileZone } from '../../src/zone/compile.ts';
import { type ImageMemory, ZoneImage } from '../../src/zone/image.ts';
import type { ImagePack } from '../../src/zone/imagepack.ts';
import { renderNsec3 } from '../../src/zone/nsec3render.ts';
import { ZoneRecords } from '../../src/zone/records.ts';
import { parseZoneFile } from '../../src/zonefile/parser.ts';
import { type Message, printMessage, readMessage } from './message.ts';

export const SEED = 0x1234_5678;
export const NOW: UnixSeconds = unixSeconds(1_795_000_000);

/** Parses and compiles; throws with all diagnostics if the zone has errors. */
export function imageOf(
  origin: string,
  text: string,
  { nsec = true, pack }: { readonly nsec?: boolean; readonly pack?: ImagePack } = {},
): ImageMemory {
  const records = new ZoneRecords();
  const name = nameOf(origin);
  const faults = parseZoneFile(
    new TextEncoder().encode(text),
    { file: `${origin}zone`, origin: name },
    records,
  );
  const { image, diagnostics } = compileZone(records, name, { seed: SEED, nsec, pack });
  if (image === undefined || faults.some(({ severity }) => severity === 'error')) {
    throw new Error([...faults, ...diagnostics].map(formatDiagnostic).join('\n'));
  }
  return image;
}

/** A CSK from octets that all are `fill`. */
export function testKey(fill = 7, algorithm: number = ALGORITHM.ECDSAP256SHA256): EpochKey {
  const pair = generateKey(algorithm, (count) => new Uint8Array(count).fill(fill));
  const privateKey = lendPrivateKey(algorithm, pair.privateOctets, pair.publicKey);
  const tag = keyTag(dnskeyRdata(FLAGS_SEP, algorithm, pair.publicKey));
  return { algorithm, tag, flags: FLAGS_SEP, publicKey: pair.publicKey, privateKey };
}

/** The NSEC3 chain of an image; throws if it can have none. */
export function chainOf(image: ImageMemory, optOut = false, pack?: ImagePack): ImageMemory {
  const chain = renderNsec3(ZoneImage.open(image), optOut, pack);
  if ('code' in chain) throw new Error(chain.message);
  return chain;
}

/** How a test zone denies: as a policy says, or by NSEC3 with opt-out. */
export type TestMode = DenialMode | 'nsec3-opt-out';

function denialOf(
  mode: TestMode,
  image: ImageMemory,
  pack?: ImagePack,
): Pick<EpochContent, 'denial' | 'nsec3'> {
  if (mode === 'nsec3') return { denial: mode, nsec3: chainOf(image, false, pack) };
  if (mode === 'nsec3-opt-out') return { denial: 'nsec3', nsec3: chainOf(image, true, pack) };
  return { denial: mode, nsec3: null };
}

/** The epoch of a zone that one CSK signs, or two: `beside` as well. */
export function signedEpoch(
  origin: string,
  image: ImageMemory,
  options: {
    key?: EpochKey;
    beside?: EpochKey;
    previous?: Epoch;
    now?: UnixSeconds;
    denial?: TestMode;
    packs?: EpochPacks;
    chainPack?: ImagePack;
  } = {},
): Epoch {
  const key = options.key ?? testKey();
  const { denial = 'nsec', packs, chainPack } = options;
  const keys = options.beside === undefined ? [key] : [key, options.beside];
  const dnskeys = keys.map((one) => dnskeyRdata(one.flags, one.algorithm, one.publicKey));
  const dnskey = dnskeys[0]!;
  const content = {
    dnskey: dnskeys,
    cds: [dsRdata(nameOf(origin), dnskey, 2)],
    cdnskey: [dnskey],
    dnskeyTtl: 3600,
    cdsTtl: 300,
    dnskeySigners: keys,
    cdsSigners: keys,
    zoneSigners: keys,
    validity: 7 * 86_400,
    ...denialOf(denial, image, chainPack),
  };
  return buildEpoch(image, content, options.previous, options.now ?? NOW, { packs });
}

export interface AskOptions {
  readonly dnssecOk?: boolean;
  /** CO (RFC 9824). */
  readonly compactOk?: boolean;
  readonly edns?: boolean;
  readonly payload?: number;
  readonly transport?: 'udp' | 'tcp';
  readonly class?: number;
  readonly flags?: number;
  readonly now?: UnixSeconds;
}

/** Builds a query message; `name` is in presentation form, its case is kept. */
export function queryOctets(name: string, type: string, options: AskOptions = {}): Uint8Array {
  const qname = nameOf(name);
  const hasEdns = options.edns ?? true;
  const octets = new Uint8Array(12 + qname.length + 4 + (hasEdns ? 11 : 0));
  const view = new DataView(octets.buffer);
  view.setUint16(0, 0x1d0c);
  view.setUint16(2, options.flags ?? 0);
  view.setUint16(4, 1);
  octets.set(qname, 12);
  let at = 12 + qname.length;
  view.setUint16(at, parseType(type)!);
  view.setUint16(at + 2, options.class ?? 1);
  at += 4;
  if (hasEdns) {
    view.setUint16(10, 1);
    view.setUint16(at + 1, 41);
    view.setUint16(at + 3, options.payload ?? 1232);
    view.setUint32(at + 5, (options.dnssecOk ? 0x8000 : 0) | (options.compactOk ? 0x4000 : 0));
  }
  return octets;
}

/** Zones behind one responder. */
export class TestServer {
  readonly table = new ZoneTable();
  readonly counters = new Counters();
  readonly responder: Responder;
  readonly #out = new Uint8Array(65_535);
  #count = 0;

  /** `seed` is that of the name hashes in the images that it serves. */
  constructor(seed = SEED) {
    this.responder = new Responder(this.table, this.counters, seed);
  }

  /** Serves a zone from text, signed with NSEC unless told otherwise. */
  add(origin: string, text: string, mode: TestMode | 'unsigned' = 'nsec'): this {
    const isSigned = mode !== 'unsigned';
    const image = imageOf(origin, text, { nsec: isSigned });
    const epoch = isSigned ? signedEpoch(origin, image, { denial: mode }) : unsignedEpoch(image);
    this.table.publish(++this.#count, epoch);
    return this;
  }

  /** The response octets, as a copy; empty if there is no answer. */
  askRaw(query: Uint8Array, options: AskOptions = {}): Uint8Array {
    const peer = new Peer();
    peer.setText(options.transport ?? 'udp', 4, '127.0.0.1', 40_000);
    const octets = this.responder.respond(query, query.length, peer, options.now ?? NOW, this.#out);
    if (this.responder.lastFault !== null) throw this.responder.lastFault;
    return this.#out.slice(0, octets);
  }

  ask(name: string, type: string, options: AskOptions = {}): Message {
    return readMessage(this.askRaw(queryOctets(name, type, options), options));
  }

  /** As text for goldens: the question, then the message. */
  tell(name: string, type: string, options: AskOptions = {}): string {
    const marks = [
      ...(options.dnssecOk ? [' +dnssec'] : []),
      ...(options.compactOk ? [' +compact'] : []),
      ...(options.transport === 'tcp' ? [' +tcp'] : []),
    ].join('');
    return `${name} ${type}${marks}\n${printMessage(this.ask(name, type, options))}\n`;
  }
}
