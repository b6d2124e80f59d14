/**
 * `npm run bench:sign`: what a signature costs. noble, node:crypto, the online signer with a miss and with a hit,
 * beside `openssl speed` on the same machine.
 */
import { execFileSync } from 'node:child_process';
import { Counters } from '../src/base/counters.ts';
import { plus } from '../src/base/time.ts';
import { openQuickSigner } from '../src/daemon/openssl.ts';
import { signOctets } from '../src/dnssec/algorithm.ts';
import { generateKey, loadPrivateKey, signDeterministic } from '../src/dnssec/keypair.ts';
import { SignatureMaker } from '../src/signer/maker.ts';
import { OnlineSigner, ZoneSigner } from '../src/signer/signer.ts';
import { ALGORITHM, RRTYPE } from '../src/wire/iana.ts';
import { nameOf } from '../src/wire/name.ts';
import { hashName } from '../src/wire/namehash.ts';
import { ZoneImage } from '../src/zone/image.ts';
import { imageOf, NOW, SEED, signedEpoch } from '../test/support/served.ts';
import { measure, print } from './measure.ts';

const algorithm = ALGORITHM.ECDSAP256SHA256;
const pair = generateKey(algorithm, (count) => new Uint8Array(count).fill(9));
const privateKey = loadPrivateKey(algorithm, pair.privateOctets, pair.publicKey);
const message = new Uint8Array(120).fill(1);

const image = imageOf('example.com.', '@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nwww 60 A 192.0.2.1\n');
const zone = ZoneImage.open(image);
const epoch = signedEpoch('example.com.', image);
const zoneSigner = new ZoneSigner(epoch.signers[0]!, epoch.validity);
const quick = openQuickSigner();
const signer = new OnlineSigner(new Counters(), new SignatureMaker(new Counters(), quick ?? null));
const www = nameOf('www.example.com.');
const rrset = zone.rrset(zone.find(www, 0, hashName(www, 0, SEED)), RRTYPE.A);
const out = new Uint8Array(256);

const measured = measure([
  {
    name: 'node:crypto, 120 octets',
    count: 1000,
    run: (count) => {
      for (let i = 0; i < count; i++) signOctets(algorithm, privateKey, message);
    },
  },
  {
    name: 'OpenSSL (daemon/openssl), 120 octets',
    count: 1000,
    run: (count) => {
      for (let i = 0; i < count; i++) quick?.sign(algorithm, privateKey, 120);
    },
  },
  {
    name: 'noble (RFC 6979), 120 octets',
    count: 40,
    run: (count) => {
      for (let i = 0; i < count; i++) signDeterministic(algorithm, pair.privateOctets, message);
    },
  },
  {
    name: 'online signer, miss',
    count: 1000,
    run: (count) => {
      // Each turn asks in another window, so that the slot never holds the right one.
      for (let i = 0; i < count; i++) {
        signer.putRrsig(out, 0, zoneSigner, zone, rrset, plus(NOW, (i % 97) * 5 * 86_400));
      }
    },
  },
  {
    name: 'online signer, slot hit',
    count: 200_000,
    run: (count) => {
      for (let i = 0; i < count; i++) signer.putRrsig(out, 0, zoneSigner, zone, rrset, NOW);
    },
  },
]);
print('One ECDSA P-256 signature', measured);
console.log(`  openssl speed: ${opensslSpeed()}`);

/** Signatures a second as `openssl speed` measures them, or why there are none. */
function opensslSpeed(): string {
  try {
    const text = execFileSync('openssl', ['speed', '-seconds', '2', 'ecdsap256'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const perSecond = Number(/nistp256\)\s+\S+\s+\S+\s+([\d.]+)/.exec(text)?.[1]);
    return `${Math.round(1e9 / perSecond)} ns, ${Math.round(perSecond).toLocaleString('en')}/s`;
  } catch (error) {
    return `not run (${error instanceof Error ? error.message : String(error)})`;
  }
}
