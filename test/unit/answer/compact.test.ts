/** Compact denial as a thread serves it: who signs, what is kept, and what happens when too much is asked for. */
import { describe, expect, it } from 'vitest';
import { Responder } from '../../../src/answer/respond.ts';
import { RESPONDER_DEFAULTS } from '../../../src/answer/settings.ts';
import { ZoneTable } from '../../../src/answer/zonetable.ts';
import { COUNTER, Counters } from '../../../src/base/counters.ts';
import { plus, type UnixSeconds } from '../../../src/base/time.ts';
import { dnskeyRdata } from '../../../src/dnssec/dnskey.ts';
import {
  KeyMismatchError,
  lendPrivateKey,
  openPrivateKey,
  privateOctetsOf,
} from '../../../src/dnssec/privatekey.ts';
import { readRrsig, verifyRRset } from '../../../src/dnssec/rrsig.ts';
import { buildEpoch, type Epoch, type EpochKey } from '../../../src/signer/epoch.ts';
import { exportZone } from '../../../src/signer/export.ts';
import { signHot } from '../../../src/signer/hot.ts';
import { RRTYPE } from '../../../src/wire/iana.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { Peer } from '../../../src/wire/peer.ts';
import { type Message, type MessageRecord, readMessage } from '../../support/message.ts';
import { imageOf, NOW, queryOctets, SEED, signedEpoch, testKey } from '../../support/served.ts';

const ORIGIN = 'example.';
const HOSTS = Array.from({ length: 30 }, (_, i) => `h${i} A 192.0.2.${i + 1}\nx.e${i} A 192.0.2.1\n`).join(
  '',
);
const ZONE = `$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n*.w TXT "x"\ncut NS ns\n${HOSTS}`;
const IMAGE = imageOf(ORIGIN, ZONE);
const KEY = testKey();
const TC = 0x0200;

interface Ask {
  readonly transport?: 'udp' | 'tcp';
  readonly now?: UnixSeconds;
  readonly dnssecOk?: boolean;
}

/** A thread with one zone. */
class Rig {
  readonly #table = new ZoneTable();
  readonly #counters = new Counters();
  readonly #responder: Responder;
  readonly #out = new Uint8Array(65_535);

  constructor(signaturesPerSecond: number, epoch: Epoch = signedEpoch(ORIGIN, IMAGE, { denial: 'compact' })) {
    const synthesis = { ...RESPONDER_DEFAULTS.synthesis, signaturesPerSecond };
    this.#responder = new Responder(this.#table, this.#counters, SEED, { ...RESPONDER_DEFAULTS, synthesis });
    this.serve(epoch);
  }

  serve(epoch: Epoch): this {
    this.#table.publish(1, epoch);
    return this;
  }

  count(counter: Parameters<Counters['get']>[0]): number {
    return this.#counters.get(counter);
  }

  /** Undefined: there was no answer. */
  ask(
    name: string,
    type: string,
    { transport = 'udp', now = NOW, dnssecOk = true }: Ask = {},
  ): Message | undefined {
    const peer = new Peer();
    peer.setText(transport, 4, '127.0.0.1', 40_000);
    const query = queryOctets(name, type, { dnssecOk });
    const octets = this.#responder.respond(query, query.length, peer, now, this.#out);
    if (this.#responder.lastFault !== null) throw this.#responder.lastFault;
    return octets === 0 ? undefined : readMessage(this.#out.slice(0, octets));
  }

  /** How the names `no0`, `no1` … are answered. */
  flood(count: number, ask: Ask = {}): string[] {
    return Array.from({ length: count }, (_, i) => {
      const message = this.ask(`no${i}.example.`, 'A', ask);
      if (message === undefined) return 'silence';
      return (message.flags & TC) !== 0 ? 'TC' : `${message.authority.length} records`;
    });
  }
}

function rrsigsOf(message: Message | undefined, type: number): MessageRecord[] {
  const records = [...message!.answer, ...message!.authority];
  return records.filter(
    ({ type: own, rdata }) => own === RRTYPE.RRSIG && readRrsig(rdata)!.typeCovered === type,
  );
}

/** What is wrong with the signatures over the one rrset of `type` in a message, by tag. */
function faultsOf(
  message: Message | undefined,
  type: number,
  key: EpochKey,
  now = NOW,
): (string | undefined)[] {
  const own = [...message!.answer, ...message!.authority].filter((record) => record.type === type);
  const dnskey = dnskeyRdata(key.flags, key.algorithm, key.publicKey);
  return rrsigsOf(message, type)
    .filter(({ rdata }) => readRrsig(rdata)!.keyTag === key.tag)
    .map(({ owner, rdata }) => {
      const rdatas = own.map((record) => record.rdata);
      return verifyRRset(
        { owner: nameOf(owner), type, rdatas, rrsig: rdata, dnskey, apex: nameOf(ORIGIN) },
        now,
      );
    });
}

describe('a name that does not exist', () => {
  it('is signed once, and again when the window of its signature is over', () => {
    const rig = new Rig(0);
    const first = rig.ask('no.example.', 'A');
    const again = rig.ask('NO.example.', 'TXT');
    expect(faultsOf(first, RRTYPE.NSEC, KEY)).toEqual([undefined]);
    expect(rrsigsOf(again, RRTYPE.NSEC)[0]!.rdata).toEqual(rrsigsOf(first, RRTYPE.NSEC)[0]!.rdata);
    expect([rig.count(COUNTER.SYNTHESIZED_MADE), rig.count(COUNTER.SYNTHESIZED_REUSED)]).toEqual([1, 1]);
    const later = plus(NOW, 4 * 86_400);
    expect(faultsOf(rig.ask('no.example.', 'A', { now: later }), RRTYPE.NSEC, KEY, later)).toEqual([
      undefined,
    ]);
    expect(rig.count(COUNTER.SYNTHESIZED_MADE)).toBe(2);
  });

  it('is signed by each key that signs the zone, and anew by a new one', () => {
    const other = testKey(8);
    const both = contentOf([KEY, other]);
    const rig = new Rig(0, buildEpoch(IMAGE, both, undefined, NOW));
    for (const [name, type, covered] of [
      ['no.example.', 'A', RRTYPE.NSEC],
      ['a.w.example.', 'TXT', RRTYPE.TXT],
      ['h1.example.', 'TXT', RRTYPE.NSEC],
    ] as const) {
      const message = rig.ask(name, type);
      expect(rrsigsOf(message, covered)).toHaveLength(2);
      for (const key of [KEY, other]) expect(faultsOf(message, covered, key)).toEqual([undefined]);
    }
    rig.serve(signedEpoch(ORIGIN, IMAGE, { denial: 'compact', key: other }));
    const message = rig.ask('no.example.', 'A');
    expect(rrsigsOf(message, RRTYPE.NSEC)).toHaveLength(1);
    expect(faultsOf(message, RRTYPE.NSEC, other)).toEqual([undefined]);
  });

  it('is not answered with a signature that does not verify', () => {
    const epoch = signedEpoch(ORIGIN, IMAGE, { denial: 'compact' });
    // What this thread has open as key 99 is another one.
    const { algorithm, publicKey } = testKey(99);
    const privateKey = lendPrivateKey(algorithm, new Uint8Array(32), publicKey, openPrivateKey(testKey(98)));
    const signers = epoch.signers.map((signer) => ({ ...signer, privateKey }));
    const rig = new Rig(0, { ...epoch, signers });
    const rcodes = Array.from({ length: 100 }, (_, i) => rig.ask(`no${i}.example.`, 'A')!.rcode);
    expect([...new Set(rcodes.slice(0, 99)), rcodes[99]]).toEqual([0, 2]);
    expect(rig.count(COUNTER.SIGNATURES_BAD)).toBe(1);
  });

  it('is not answered with a key that is not that of the zone', () => {
    const epoch = signedEpoch(ORIGIN, IMAGE, { denial: 'compact' });
    const { algorithm, publicKey } = testKey(97);
    const own = epoch.signers[0]!.privateKey;
    const privateKey = lendPrivateKey(algorithm, privateOctetsOf(algorithm, own), publicKey);
    const rig = new Rig(0, { ...epoch, signers: epoch.signers.map((signer) => ({ ...signer, privateKey })) });
    // A fault: whoever asks gets SERVFAIL, and the operator is told.
    for (const name of ['no.example.', 'ns.example.'])
      expect(() => rig.ask(name, 'A'), name).toThrow(KeyMismatchError);
    expect(rig.count(COUNTER.SIGNATURES_MADE)).toBe(0);
  });
});

describe('a zone', () => {
  it('may change between an NSEC chain and compact denial: no signature is taken for another', () => {
    const chain = signedEpoch(ORIGIN, IMAGE);
    const compact = signedEpoch(ORIGIN, IMAGE, { denial: 'compact', previous: chain });
    const rig = new Rig(0, chain);
    for (const epoch of [chain, compact, signedEpoch(ORIGIN, IMAGE, { previous: compact }), compact]) {
      rig.serve(epoch);
      for (const name of ['h1.example.', 'e1.example.', 'cut.example.', 'example.']) {
        expect(faultsOf(rig.ask(name, 'DS'), RRTYPE.NSEC, KEY), name).toEqual([undefined]);
      }
    }
  });

  it('keeps signatures of names with the same types over a reload', () => {
    const before = signedEpoch(ORIGIN, IMAGE, { denial: 'compact' });
    const rig = new Rig(0, before);
    const names = ['h1.example.', 'h2.example.', 'e1.example.', 'h3.example.'];
    for (const name of names) rig.ask(name, 'TXT');
    const changed = imageOf(ORIGIN, `${ZONE}h3 AAAA 2001:db8::1\na0 A 192.0.2.1\n`);
    rig.serve(signedEpoch(ORIGIN, changed, { denial: 'compact', previous: before }));
    const made = rig.count(COUNTER.SIGNATURES_MADE);
    for (const name of names)
      expect(faultsOf(rig.ask(name, 'TXT'), RRTYPE.NSEC, KEY), name).toEqual([undefined]);
    expect(rig.count(COUNTER.SIGNATURES_MADE) - made).toBe(1);
  });
});

describe('an export', () => {
  it('has the NSEC chain that is not served, and says so', () => {
    const epoch = signedEpoch(ORIGIN, IMAGE, { denial: 'compact' });
    const lines = [...exportZone(epoch, { signed: true }, NOW)];
    const plain = [...exportZone(epoch, { signed: false }, NOW)];
    expect(lines[0]).toMatch(/^; .*not served\.$/);
    expect([plain[0], plain.filter((line) => /\sNSEC\s/.test(line))]).toEqual([
      expect.stringMatching(/\sSOA\s/),
      [],
    ]);
    const chain = lines.filter((line) => /\sIN\sNSEC\s/.test(line));
    expect(chain).toHaveLength(64);
    expect(chain[0]).toMatch(/^example\.\s.*\sNSEC\s+cut\.example\. NS SOA RRSIG NSEC DNSKEY CDS CDNSKEY$/);
    expect(lines.filter((line) => /^example\.\s.*\sIN\sRRSIG\sNSEC\s/.test(line))).toHaveLength(1);
    expect(lines.join('\n')).not.toContain('\\000');
  });
});

describe('signing ahead', () => {
  it.each([
    ['by a new key', 'compact', testKey(8)],
    ['after an NSEC chain', 'nsec', KEY],
  ] as const)('makes the NSECs of names that are asked for, %s', (_, denial, key) => {
    const before = signedEpoch(ORIGIN, IMAGE, { denial });
    const rig = new Rig(0, before);
    const names = ['h1.example.', 'h7.example.', 'cut.example.'];
    for (const name of names) rig.ask(name, 'DS');
    const after = signedEpoch(ORIGIN, IMAGE, { denial: 'compact', previous: before, key });
    const { signed, isDone } = signHot(after, before, { now: NOW, from: 0, signatures: 1_000 });
    expect([signed, isDone]).toEqual([3, true]);
    expect(signHot(after, before, { now: NOW, from: 0, signatures: 1_000 }).signed).toBe(0);
    rig.serve(after);
    const made = rig.count(COUNTER.SIGNATURES_MADE);
    for (const name of names)
      expect(faultsOf(rig.ask(name, 'DS'), RRTYPE.NSEC, key), name).toEqual([undefined]);
    expect(rig.count(COUNTER.SIGNATURES_MADE)).toBe(made);
  });
});

describe('the signing budget', () => {
  it('sends those who ask for more to TCP, then answers no more of it in this second', () => {
    const rig = new Rig(3);
    const first = [...Array(3).fill('4 records'), ...Array(12).fill('TC'), ...Array(5).fill('silence')];
    expect(rig.flood(20)).toEqual(first);
    expect([rig.count(COUNTER.BUDGET_TRUNCATED), rig.count(COUNTER.BUDGET_DROPPED)]).toEqual([12, 5]);
    const more = rig.ask('no3.example.', 'A', { now: plus(NOW, 1) });
    expect(more!.authority).toHaveLength(4);
  });

  it('says why it sends somebody to TCP (RFC 8914)', () => {
    const rig = new Rig(1);
    rig.flood(1);
    const message = rig.ask('a.w.example.', 'TXT')!;
    expect(message.flags & TC).toBe(TC);
    expect([message.answer, message.authority]).toEqual([[], []]);
    const [opt] = message.additional;
    const text = 'signing budget spent';
    expect([...opt!.rdata]).toEqual([0, 15, 0, text.length + 2, 0, 0, ...Buffer.from(text)]);
  });

  it('has nothing to send over TCP when it is spent', () => {
    const rig = new Rig(2);
    expect(rig.flood(4, { transport: 'tcp' })).toEqual(['4 records', '4 records', 'silence', 'silence']);
    expect(rig.count(COUNTER.BUDGET_DROPPED)).toBe(2);
  });

  it('is not for what exists, what is kept, and who wants no signatures', () => {
    const rig = new Rig(1);
    rig.flood(30);
    const exist = Array.from({ length: 30 }, (_, i) => [`h${i}.example.`, `e${i}.example.`]).flat();
    for (const name of [...exist, 'example.', 'no0.example.']) {
      expect(rig.ask(name, 'TXT')!.authority, name).toHaveLength(4);
    }
    expect(rig.ask('www.cut.example.', 'A')!.authority).toHaveLength(3);
    expect(rig.ask('h1.example.', 'A')!.answer).toHaveLength(2);
    expect(rig.ask('no7.example.', 'A', { dnssecOk: false })!.rcode).toBe(3);
    expect(rig.ask('b.w.example.', 'TXT', { dnssecOk: false })!.answer).toHaveLength(1);
    expect(rig.count(COUNTER.SYNTHESIZED_MADE)).toBe(1);
  });
});

/** The content of an epoch that all `keys` sign. */
function contentOf(keys: readonly EpochKey[]) {
  const dnskey = keys.map((key) => dnskeyRdata(key.flags, key.algorithm, key.publicKey));
  return {
    dnskey,
    cds: [],
    cdnskey: [],
    dnskeyTtl: 3600,
    cdsTtl: 300,
    dnskeySigners: keys,
    cdsSigners: keys,
    zoneSigners: keys,
    validity: 7 * 86_400,
    denial: 'compact' as const,
    nsec3: null,
  };
}
