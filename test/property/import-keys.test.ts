/** Key files of others are octets of others: whatever is in them, reading ends with keys or with a KeystoreError. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unixSeconds } from '../../src/base/time.ts';
import { generateKey, parsePem } from '../../src/dnssec/keypair.ts';
import { hiddenKey, KSK_ROLES } from '../../src/kasp/key.ts';
import { readBindKey } from '../../src/store/import-bind.ts';
import { readKnotKeys } from '../../src/store/import-knot.ts';
import { formatPrivateFile, formatPublicFile, keyFileBase } from '../../src/store/keyfile.ts';
import { KeystoreError } from '../../src/store/keypairs.ts';
import { nameOf } from '../../src/wire/name.ts';
import { strongRandom } from '../support/random.ts';

const NOW = unixSeconds(1_795_521_600);
const ORIGIN = nameOf('example.com.');
const pair = generateKey(13, (count) => strongRandom.octets(count));
const key = hiddenKey({ id: 'a', algorithm: 13, roles: KSK_ROLES, publicKey: pair.publicKey }, NOW);
const base = `/keys/${keyFileBase(ORIGIN, 13, key.tag)}`;
const publicText = formatPublicFile(ORIGIN, key, NOW);
const privateText = formatPrivateFile(13, pair.privateOctets, NOW);

/** Runs what may fail in one way only. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    expect(error).toBeInstanceOf(KeystoreError);
    return undefined;
  }
}

/** A text with something in it replaced, taken out or put in. */
const damaged = (text: string) =>
  fc
    .tuple(fc.nat(text.length), fc.nat(20), fc.string({ maxLength: 12 }))
    .map(([at, count, more]) => text.slice(0, at) + more + text.slice(at + count));

const STATE_WORDS = ['hidden', 'rumoured', 'omnipresent', 'unretentive', 'NA', '', 'OMNIPRESENT', '\u0000'];
const stateFile = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        'DNSKEYState',
        'KRRSIGState',
        'DSState',
        'GoalState',
        'DNSKEYChange',
        'DSPublish',
        'KSK',
        'ZSK',
      ),
      fc.oneof(
        fc.constantFrom(...STATE_WORDS),
        fc.constantFrom('20261301999999', '00000000000000', 'yes', 'no'),
      ),
    ),
    { maxLength: 12 },
  )
  .map((rows) => rows.map(([name, value]) => `${name}: ${value}`).join('\n'));

describe('reading', () => {
  it('key files of BIND', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.constant(publicText), damaged(publicText)),
        fc.oneof(fc.constant(privateText), damaged(privateText)),
        fc.oneof(stateFile, fc.string()),
        (publicFile, privateFile, state) => {
          const texts: Record<string, string> = { key: publicFile, private: privateFile, state };
          const found = attempt(() =>
            readBindKey(base, ORIGIN, (path) => texts[path.split('.').at(-1)!], NOW),
          );
          if (found === undefined) return;
          expect(found.publicKey).toHaveLength(64);
          for (const record of ['dnskey', 'krrsig', 'zrrsig', 'ds'] as const) {
            expect(found.timing?.[record].since ?? NOW).toBeLessThanOrEqual(NOW);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('what keymgr lists', () => {
    const entry = fc.record(
      {
        zone: fc.constantFrom('example.com.', 'example.org.', 1),
        id: fc.oneof(fc.constantFrom('aa', '../x', ''), fc.string()),
        tag: fc.oneof(fc.nat(65_535), fc.anything()),
        algorithm: fc.constantFrom(13, 15, '13'),
        ksk: fc.boolean(),
        zsk: fc.boolean(),
        publish: fc.oneof(fc.integer(), fc.double(), fc.anything()),
        active: fc.integer(),
        retire: fc.integer(),
        remove: fc.constantFrom(0, 1, NOW + 1),
      },
      { requiredKeys: [] },
    );
    const text = fc.oneof(
      fc.array(entry).map((entries) => JSON.stringify(entries)),
      fc.json(),
      fc.string(),
    );
    const pemOf = () => ({ ...pair, algorithm: 13, source: 'a.pem' });
    fc.assert(
      fc.property(text, (list) => {
        attempt(() => readKnotKeys({ path: 'keys.json', text: list }, ORIGIN, pemOf, NOW));
      }),
      { numRuns: 2_000 },
    );
  });

  it('PEM', () => {
    const body = fc.uint8Array({ maxLength: 200 }).map((octets) => Buffer.from(octets).toString('base64'));
    const label = fc.constantFrom('PRIVATE KEY', 'EC PRIVATE KEY', 'PUBLIC KEY', 'CERTIFICATE', 'X');
    const wrapped = fc
      .tuple(label, body)
      .map(([name, text]) => `-----BEGIN ${name}-----\n${text}\n-----END ${name}-----\n`);
    fc.assert(
      fc.property(fc.oneof(wrapped, fc.string()), (text) => {
        expect(typeof parsePem(text)).toBe('string');
      }),
      { numRuns: 1_000 },
    );
  });
});
