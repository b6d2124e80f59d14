/** What a restart takes of the signatures that were kept, and what it must not. */
import { describe, expect, it } from 'vitest';
import { plus, type UnixSeconds } from '../../../src/base/time.ts';
import { dnskeyRdata } from '../../../src/dnssec/dnskey.ts';
import { readRrsig, verifyRRset } from '../../../src/dnssec/rrsig.ts';
import { type KeptSignatures, SAMPLE, SignatureBook } from '../../../src/signer/book.ts';
import { buildEpoch, type Epoch, type EpochContent, type EpochKey } from '../../../src/signer/epoch.ts';
import { INCEPTION_LEAD, windowLength } from '../../../src/signer/validity.ts';
import { RRTYPE } from '../../../src/wire/iana.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { chainOf, imageOf, NOW, TestServer, testKey } from '../../support/served.ts';

const VALIDITY = 7 * 86_400;
const ZONE = '$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n';
const IMAGE = imageOf('example.', ZONE);
const [KEY, OTHER] = [testKey(7), testKey(8)];
const APEX_TYPES = ['DNSKEY', 'CDNSKEY', 'SOA', 'NS'];

function contentOf(key: EpochKey, changes: Partial<EpochContent> = {}): EpochContent {
  const dnskey = [dnskeyRdata(key.flags, key.algorithm, key.publicKey)];
  const signers = { dnskeySigners: [key], zoneSigners: [key], cdsSigners: [key] };
  const shown = { dnskey, cds: [], cdnskey: dnskey, dnskeyTtl: 3600, cdsTtl: 300 };
  return { ...shown, ...signers, validity: VALIDITY, denial: 'nsec', nsec3: null, ...changes };
}

/** A first start at NOW, and what it keeps. */
function started(content = contentOf(KEY)): { epoch: Epoch; kept: KeptSignatures } {
  const book = new SignatureBook();
  const epoch = buildEpoch(IMAGE, content, undefined, NOW, { book });
  return { epoch, kept: { apexInception: epoch.apexInception, signatures: book.signatures } };
}

interface Restart {
  readonly content?: EpochContent;
  readonly image?: typeof IMAGE;
  readonly now?: UnixSeconds;
}

/** The epoch of a restart that finds `kept`; its SOA, NS and key rrsets are verified as a validator would. */
function restarted(kept: KeptSignatures, restart: Restart = {}) {
  const { content = contentOf(KEY), image = IMAGE, now = plus(NOW, 60) } = restart;
  const book = new SignatureBook(kept);
  const epoch = buildEpoch(image, content, undefined, now, { book });
  for (const type of APEX_TYPES) expect(faultOf(epoch, content, type, now), type).toBeUndefined();
  return { epoch, book };
}

function answerOf(epoch: Epoch, type: string, now: UnixSeconds) {
  const server = new TestServer();
  server.table.publish(1, epoch);
  return server.ask('example.', type, { dnssecOk: true, now }).answer;
}

function faultOf(epoch: Epoch, content: EpochContent, type: string, now: UnixSeconds) {
  const answer = answerOf(epoch, type, now);
  const rrsig = answer.find((record) => record.type === RRTYPE.RRSIG)!.rdata;
  const rdatas = answer.filter((record) => record.type !== RRTYPE.RRSIG).map(({ rdata }) => rdata);
  const covered = readRrsig(rrsig)!.typeCovered;
  const apex = nameOf('example.');
  return verifyRRset({ owner: apex, type: covered, rdatas, rrsig, dnskey: content.dnskey[0]!, apex }, now);
}

const rrsigOf = (epoch: Epoch, type: string, now = plus(NOW, 60)) =>
  Buffer.from(answerOf(epoch, type, now).find((record) => record.type === RRTYPE.RRSIG)!.rdata).toString(
    'hex',
  );

describe('a restart', () => {
  it('with the same content makes no signature, and serves those of before', () => {
    for (const denial of ['nsec', 'nsec3', 'compact'] as const) {
      const content = contentOf(KEY, { denial, nsec3: denial === 'nsec3' ? chainOf(IMAGE) : null });
      const { epoch, kept } = started(content);
      const { epoch: again, book } = restarted(kept, { content });
      expect(book.hasMade).toBe(false);
      expect(book.signatures).toEqual(kept.signatures);
      expect(again.apexInception).toBe(epoch.apexInception);
      expect(again.refreshAt).toBe(epoch.refreshAt);
      for (const type of APEX_TYPES) expect(rrsigOf(again, type), type).toBe(rrsigOf(epoch, type));
    }
  });

  it('takes nothing that is of another key, lifetime or rrset', () => {
    const { kept } = started();
    const size = kept.signatures.size;
    const taken = (restart: Restart) => {
      const { book } = restarted(kept, restart);
      return [...book.signatures.keys()].filter((digest) => kept.signatures.has(digest)).length;
    };
    expect(taken({})).toBe(size);
    expect(taken({ content: contentOf(OTHER) })).toBe(0);
    expect(taken({ content: contentOf(KEY, { validity: VALIDITY * 2 }) })).toBe(0);
    const changed = imageOf('example.', ZONE.replace('h 1 2', 'h 2 2'));
    expect(taken({ image: changed })).toBe(size - 1);
  });

  it('takes all signatures over what comes of keys, or makes them all anew and newer (RFC 7344 §6.2)', () => {
    const { epoch, kept } = started();
    const content = contentOf(KEY, { cdsTtl: 301 });
    const { epoch: again, book } = restarted(kept, { content });
    expect(book.signatures.size, 'none of those of before').toBe(kept.signatures.size);
    expect(again.apexInception).toBeGreaterThan(epoch.apexInception);
    expect(rrsigOf(again, 'DNSKEY')).not.toBe(rrsigOf(epoch, 'DNSKEY'));
    expect(rrsigOf(again, 'SOA')).toBe(rrsigOf(epoch, 'SOA'));
  });

  it('after or before the time of what was kept makes it anew', () => {
    const { epoch, kept } = started();
    const window = windowLength(VALIDITY);
    const last = plus(epoch.apexInception, window - 1);
    expect(restarted(kept, { now: last }).epoch.apexInception).toBe(epoch.apexInception);
    for (const now of [plus(last, 1), plus(last, 30 * 86_400), plus(epoch.apexInception, -1)]) {
      const again = restarted(kept, { now }).epoch;
      expect(again.apexInception).toBe(now - INCEPTION_LEAD);
      expect(again.apexExpiresAt).toBeGreaterThan(now);
    }
  });

  it('verifies a sample of what was kept, and does not serve what is wrong', () => {
    // Which ones, digests say: of contents with many TTLs, one has a DNSKEY signature that is in the sample.
    for (let dnskeyTtl = 1; ; dnskeyTtl++) {
      const content = contentOf(KEY, { dnskeyTtl });
      const { kept } = started(content);
      const sampled = [...kept.signatures.keys()].find((digest) => digest.startsWith(SAMPLE));
      expect(dnskeyTtl).toBeLessThan(20_000);
      if (sampled === undefined) continue;
      const wrong = Uint8Array.from(kept.signatures.get(sampled)!, (octet) => octet ^ 1);
      const signatures = new Map([...kept.signatures, [sampled, wrong]]);
      const { book } = restarted({ ...kept, signatures }, { content });
      expect(book.hasMade).toBe(true);
      break;
    }
  });
});
