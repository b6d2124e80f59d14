/** The root zone's servers and keys as IANA publishes them: root hints, and KSK-2017 and KSK-2024 of root-anchors.xml. */
import { decodeBase16 } from '../base/encoding.ts';
import { nameOf, ROOT } from '../wire/name.ts';
import type { TrustAnchor } from './finder.ts';

const PORT = 53;

/** DS RDATA in hex: key tag, algorithm, digest type, digest. */
const KEYS = [
  '4f660802e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d',
  '97280802683d2d0acb8c9b712a1948b27f741219298d0a450d612c483af444a4c0fb2b16',
];

const SERVERS: Readonly<Record<string, readonly [string, string]>> = {
  a: ['198.41.0.4', '2001:503:ba3e::2:30'],
  b: ['170.247.170.2', '2801:1b8:10::b'],
  c: ['192.33.4.12', '2001:500:2::c'],
  d: ['199.7.91.13', '2001:500:2d::d'],
  e: ['192.203.230.10', '2001:500:a8::e'],
  f: ['192.5.5.241', '2001:500:2f::f'],
  g: ['192.112.36.4', '2001:500:12::d0d'],
  h: ['198.97.190.53', '2001:500:1::53'],
  i: ['192.36.148.17', '2001:7fe::53'],
  j: ['192.58.128.30', '2001:503:c27::2:30'],
  k: ['193.0.14.129', '2001:7fd::1'],
  l: ['199.7.83.42', '2001:500:9f::42'],
  m: ['202.12.27.33', '2001:dc3::35'],
};

export const IANA_ROOT: TrustAnchor = {
  apex: ROOT,
  ds: KEYS.map((hex) => decodeBase16(hex)!),
  servers: Object.entries(SERVERS).flatMap(([letter, addresses]) => {
    const name = nameOf(`${letter}.root-servers.net.`);
    return addresses.map((address) => ({ name, address, port: PORT }));
  }),
};
