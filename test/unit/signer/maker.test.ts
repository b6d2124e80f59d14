/** Where signatures are made: a way that costs less, and what does not fit there. */
import { expect, it } from 'vitest';
import { Counters } from '../../../src/base/counters.ts';
import { signOctets } from '../../../src/dnssec/algorithm.ts';
import { type QuickSigner, SignatureMaker } from '../../../src/signer/maker.ts';
import { ZoneSigner } from '../../../src/signer/signer.ts';
import { imageOf, signedEpoch } from '../../support/served.ts';

const MESSAGE_OCTETS = 4_096;

it('leaves the quick way for an rrset that is too large for it, and no other', () => {
  let quickly = 0;
  const message = new Uint8Array(MESSAGE_OCTETS);
  const quick: QuickSigner = {
    message,
    sign: (algorithm, key, octets) => {
      quickly++;
      return signOctets(algorithm, key, message.subarray(0, octets));
    },
  };
  const image = imageOf('maker.test.', '@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns.b.test.\n');
  const epoch = signedEpoch('maker.test.', image);
  const signer = new ZoneSigner(epoch.signers[0]!, epoch.validity);
  const maker = new SignatureMaker(new Counters(), quick);
  const made = [100, 3 * MESSAGE_OCTETS, 200, 2 * MESSAGE_OCTETS, MESSAGE_OCTETS - 3].map((octets) => {
    maker.reserve(octets);
    maker.scratch.fill(octets, 0, octets);
    // What does not verify is not given out.
    expect(maker.make(signer, octets, true)).not.toBeNull();
    return quickly;
  });
  expect(made).toEqual([1, 1, 2, 2, 3]);
});
