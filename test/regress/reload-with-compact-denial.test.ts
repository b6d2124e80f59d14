/**
 * A reload never came to an end under compact denial: what carries signatures over it looked for the NSEC of the apex in
 * the zone image, which has none, and took the apex's last rrset for it. Behind an AAAA it walked out of the image.
 */
import { expect, it } from 'vitest';
import { imageOf, signedEpoch } from '../support/served.ts';

const zoneOf = (i: number, host: number) => `@ 60 SOA ns.example.net. hostmaster ${host} 7200 900 1209600 300
@ 60 NS ns.example.net.
@ 60 AAAA 2001:db8::${i.toString(16)}:${host}
www${'a'.repeat(i)} 60 A 192.0.2.${host}
`;

it('carries signatures over a reload whatever the apex holds', () => {
  for (let i = 0; i < 40; i++) {
    const before = signedEpoch('example.com.', imageOf('example.com.', zoneOf(i, 1)), { denial: 'compact' });
    const after = signedEpoch('example.com.', imageOf('example.com.', zoneOf(i, 2)), {
      denial: 'compact',
      previous: before,
    });
    expect(after.image).not.toBe(before.image);
  }
});
