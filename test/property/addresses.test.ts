/** Addresses as text and as octets, and what is read of peers, against what Node and URL say of them. */
import { BlockList, isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Counters } from '../../src/base/counters.ts';
import { formatIpv4, formatIpv6, putIpv4, putIpv6 } from '../../src/rdata/addresstext.ts';
import { PROXY_INCOMPLETE, PROXY_MALFORMED, ProxyHeader } from '../../src/transport/proxy-header.ts';
import { ReflectionFilter } from '../../src/transport/reflection.ts';
import { formatAddress, Peer, parseAddress } from '../../src/wire/peer.ts';

const octets = (count: number) => fc.uint8Array({ minLength: count, maxLength: count });
/** Groups with many zeros and ones that begin with zeros, so that all forms of `::` come up. */
const group = fc.oneof(fc.constantFrom(0, 0, 0, 1, 0xff, 0xffff, 0x0db8), fc.nat(0xffff));
const groups = fc.array(group, { minLength: 8, maxLength: 8 });
const octetsOf = (list: readonly number[]): Uint8Array =>
  Uint8Array.from(list.flatMap((value) => [value >> 8, value & 255]));

/** What is written where nobody cares for RFC 5952: leading zeros, capitals, any run of zeros as `::`, a quad at the end. */
const written = fc
  .record({
    groups,
    digits: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 8, maxLength: 8 }),
    isUpper: fc.boolean(),
    gap: fc.nat(7),
    hasQuad: fc.boolean(),
  })
  .map(({ groups, digits, isUpper, gap, hasQuad }) => {
    const words = groups.map((value, i) => value.toString(16).padStart(digits[i]!, '0'));
    const last = octetsOf(groups.slice(6));
    if (hasQuad) words.splice(6, 2, [...last].join('.'));
    let end = gap;
    while (groups[end] === 0 && end < words.length - (hasQuad ? 1 : 0)) end++;
    const text =
      end === gap ? words.join(':') : `${words.slice(0, gap).join(':')}::${words.slice(end).join(':')}`;
    return { text: isUpper ? text.toUpperCase() : text, octets: octetsOf(groups) };
  });

/** Texts that are nearly addresses. */
const nearly = fc.oneof(
  fc
    .array(fc.constantFrom(...'0123456789abcdefF:.', '::', '255', '256', '01'), {
      maxLength: 24,
      size: 'max',
    })
    .map((list) => list.join('')),
  fc.tuple(written, fc.nat(40), fc.constantFrom('', ':', '.', '0', 'g', '1')).map(([{ text }, at, piece]) => {
    return text.slice(0, at) + piece + text.slice(at + (piece === '' ? 1 : 0));
  }),
  fc.array(fc.nat(300), { minLength: 3, maxLength: 5 }).map((list) => list.join('.')),
);

/** The text in the midst of other octets, so that reading beyond its ends would be seen. */
function embedded(text: string): { source: Uint8Array; start: number; end: number } {
  const source = Uint8Array.from(Buffer.from(`1:${text}:1`, 'latin1'));
  return { source, start: 2, end: source.length - 2 };
}

describe('IPv6 addresses', () => {
  it('are read in whatever form they are written', () => {
    fc.assert(
      fc.property(written, ({ text, octets }) => {
        const { source, start, end } = embedded(text);
        const out = new Uint8Array(20).fill(7);
        expect(putIpv6(source, start, end, out, 2), text).toBe(true);
        expect(out).toEqual(Uint8Array.of(7, 7, ...octets, 7, 7));
        const into = new Uint8Array(16);
        expect(parseAddress(text, into)).toBe(16);
        expect(into).toEqual(octets);
      }),
      { numRuns: 800 },
    );
  });

  it('are written as URL writes them, and read again', () => {
    fc.assert(
      fc.property(groups, (groups) => {
        const address = octetsOf(groups);
        const plain = groups.map((value) => value.toString(16)).join(':');
        const canonical = new URL(`http://[${plain}]/`).hostname.slice(1, -1);
        expect(formatAddress(6, address)).toBe(canonical);
        // In master files an address that holds one of IPv4 ends in its dotted quad (RFC 5952 §5).
        const text = formatIpv6(Uint8Array.of(9, ...address), 1);
        expect(new URL(`http://[${text}]/`).hostname.slice(1, -1)).toBe(canonical);
        if (!text.includes('.')) expect(text).toBe(canonical);
      }),
      { numRuns: 800 },
    );
  });

  it('are refused where Node refuses them', () => {
    let refused = 0;
    fc.assert(
      fc.property(nearly, (text) => {
        const { source, start, end } = embedded(text);
        const isGood = isIPv6(text);
        if (!isGood) refused++;
        expect(putIpv6(source, start, end, new Uint8Array(16), 0), text).toBe(isGood);
        expect(parseAddress(text, new Uint8Array(16)) === 16, text).toBe(isGood);
      }),
      { numRuns: 4_000 },
    );
    expect(refused).toBeGreaterThan(100);
  });
});

describe('IPv4 addresses', () => {
  it('are written and read as dotted quads, and refused where Node refuses them', () => {
    const text = fc.oneof(
      octets(4).map((address) => address.join('.')),
      nearly,
    );
    fc.assert(
      fc.property(text, (text) => {
        const { source, start, end } = embedded(text);
        const out = new Uint8Array(6).fill(7);
        const isGood = isIPv4(text);
        expect(putIpv4(source, start, end, out, 1), text).toBe(isGood);
        if (!isGood) return;
        expect(out).toEqual(Uint8Array.of(7, ...text.split('.').map(Number), 7));
        expect(formatIpv4(out, 1)).toBe(text);
        expect(formatAddress(4, out.subarray(1))).toBe(text);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('Peer', () => {
  it('has the same address whether text or octets were given, in any order', () => {
    const address = fc.oneof(octets(4), groups.map(octetsOf));
    const filling = fc.tuple(address, fc.boolean(), fc.nat(3), fc.nat(0xffff));
    const peer = new Peer();
    fc.assert(
      fc.property(filling, ([address, isText, before, port]) => {
        const family = address.length === 4 ? 4 : 6;
        const text =
          family === 4 ? address.join('.') : new URL(`http://[${hexGroups(address)}]/`).hostname.slice(1, -1);
        if (isText) peer.setText('udp', family, text, port);
        else
          peer.setOctets(
            'udp',
            family,
            Uint8Array.of(...new Array(before).fill(9), ...address, 9),
            before,
            port,
          );
        expect([peer.family, peer.port, peer.address]).toEqual([family, port, text]);
        expect(peer.octets.subarray(0, address.length)).toEqual(address);
      }),
      { numRuns: 500 },
    );
  });
});

function hexGroups(address: Uint8Array): string {
  return Buffer.from(address).toString('hex').match(/.{4}/g)!.join(':');
}

// ---- The PROXY protocol ----

interface ReadHeader {
  readonly length: number;
  /** Whom the header names, if it names somebody. */
  readonly peer?: string;
}

const SIGNATURE = '0d0a0d0a000d0a515549540a';

/** Version 2 of the PROXY protocol as its text reads, on slices and digits. */
function slowHeader(octets: Buffer): ReadHeader {
  const known = octets.subarray(0, 12).toString('hex');
  if (!SIGNATURE.startsWith(known)) return { length: PROXY_MALFORMED };
  if (octets.length < 16) return { length: PROXY_INCOMPLETE };
  const [version, command, family, protocol] = octets.subarray(12, 14).toString('hex').split('');
  const bodyOctets = octets.readUInt16BE(14);
  const addressOctets = { 1: 12, 2: 36 }[Number.parseInt(family!, 16)];
  const names = command === '1' && addressOctets !== undefined;
  if (version !== '2' || !'01'.includes(command!) || !'0123'.includes(family!) || !'012'.includes(protocol!))
    return { length: PROXY_MALFORMED };
  if (16 + bodyOctets > 2_048 || (names && bodyOctets < addressOctets)) return { length: PROXY_MALFORMED };
  if (octets.length < 16 + bodyOctets) return { length: PROXY_INCOMPLETE };
  const length = 16 + bodyOctets;
  if (!names) return { length };
  const source = octets.subarray(16, 16 + (family === '1' ? 4 : 16));
  const port = octets.readUInt16BE(family === '1' ? 24 : 48);
  if (family === '1') return { length, peer: `${source.join('.')} ${port}` };
  const isMapped = source.toString('hex').startsWith('00000000000000000000ffff');
  const address = isMapped
    ? source.subarray(12).join('.')
    : new URL(`http://[${hexGroups(source)}]/`).hostname.slice(1, -1);
  return { length, peer: `${address} ${port}` };
}

describe('ProxyHeader', () => {
  const nibbles = fc.tuple(
    fc.constantFrom(0x20, 0x21, 0x21, 0x21, 0x22, 0x11, 0x31),
    fc.constantFrom(0x00, 0x11, 0x11, 0x12, 0x21, 0x21, 0x22, 0x31, 0x13, 0x41, 0x23),
  );
  const length = fc.oneof(
    fc.constantFrom(0, 11, 12, 13, 35, 36, 37, 2_032, 2_033, 0x0100, 0xffff),
    fc.nat(80),
  );
  const address = fc.oneof(
    octets(36),
    octets(36).map((body) => body.fill(0, 0, 10).fill(0xff, 10, 12)),
    octets(36).map((body) => body.fill(0, 0, 10).fill(0xff, 10, 11)),
  );
  const header = fc
    .tuple(
      nibbles,
      length,
      address,
      fc.oneof(fc.nat(60), fc.constantFrom(2_016, 2_017)),
      fc.option(fc.tuple(fc.nat(11), fc.nat(255)), { freq: 1 }),
    )
    .map(([[command, family], length, address, more, damage]) => {
      const head = Buffer.concat([
        Buffer.from(SIGNATURE, 'hex'),
        Buffer.from([command, family, length >> 8, length & 255]),
      ]);
      if (damage !== null) head[damage[0]] = damage[1];
      return Buffer.concat([head, address, Buffer.alloc(more, 5)]);
    });

  it('is read as its text says, cut off anywhere, and taken off what is behind it', () => {
    const proxy = new ProxyHeader();
    const lengths = new Map<number, number>();
    fc.assert(
      fc.property(header, fc.oneof(fc.constant(9_999), fc.nat(60)), (whole, cut) => {
        const message = whole.subarray(0, cut);
        const expected = slowHeader(message);
        lengths.set(Math.min(expected.length, 1), (lengths.get(Math.min(expected.length, 1)) ?? 0) + 1);
        const buffer = Uint8Array.from(whole);
        expect(proxy.read(buffer, message.length)).toBe(expected.length);
        const peer = new Peer();
        peer.setText('udp', 4, '203.0.113.9', 1);
        const left = proxy.strip(buffer, message.length, peer, 'udp');
        if (expected.length <= 0) {
          expect(left).toBe(PROXY_MALFORMED);
          return;
        }
        expect(`${peer.address} ${peer.port}`).toBe(expected.peer ?? '203.0.113.9 1');
        expect(buffer.subarray(0, left)).toEqual(Uint8Array.from(message.subarray(expected.length)));
      }),
      { numRuns: 3_000 },
    );
    expect([-1, 0, 1].every((kind) => (lengths.get(kind) ?? 0) > 20)).toBe(true);
  });
});

// ---- Datagrams that nobody sent ----

describe('ReflectionFilter', () => {
  const nobody = new BlockList();
  for (const [address, bits] of [
    ['0.0.0.0', 8],
    ['224.0.0.0', 4],
    ['255.255.255.255', 32],
  ] as const)
    nobody.addSubnet(address, bits);
  // An address of IPv6 that stands for one of IPv4 is nobody's either; BlockList takes those for IPv4, so not by it.
  for (const [address, bits] of [
    ['::', 128],
    ['ff00::', 8],
  ] as const)
    nobody.addSubnet(address, bits, 'ipv6');
  const reflecting = new Set([0, 7, 11, 13, 17, 19, 37, 69, 123, 464]);

  it('drops by port and address as lists of subnets do', () => {
    const filter = new ReflectionFilter(new Counters());
    filter.listensOn([{ address: '192.0.2.1', port: 53 }]);
    const first = fc.constantFrom(0, 1, 127, 192, 223, 224, 239, 240, 255);
    const ipv4 = fc.oneof(
      fc.tuple(first, octets(3)).map(([one, rest]) => Uint8Array.of(one, ...rest)),
      fc.constantFrom(
        Uint8Array.of(192, 0, 2, 1),
        Uint8Array.of(255, 255, 255, 255),
        Uint8Array.of(255, 255, 255, 254),
      ),
    );
    const ipv6 = fc.oneof(
      fc
        .tuple(fc.constantFrom(0, 0x20, 0xfe, 0xff), octets(15))
        .map(([one, rest]) => Uint8Array.of(one, ...rest)),
      groups.map(octetsOf),
      octets(4).map((last) =>
        octetsOf([0, 0, 0, 0, 0, 0xffff, last[0]! * 256 + last[1]!, last[2]! * 256 + last[3]!]),
      ),
      fc.nat(2).map((last) => octetsOf([0, 0, 0, 0, 0, 0, 0, last])),
    );
    const port = fc.oneof(fc.constantFrom(...reflecting, 53, 1023, 1024, 1031), fc.nat(0xffff));
    fc.assert(
      fc.property(fc.oneof(ipv4, ipv6), port, (address, port) => {
        const family = address.length === 4 ? 4 : 6;
        const peer = new Peer();
        peer.setOctets('udp', family, address, 0, port);
        const isMapped = family === 6 && hexGroups(address).startsWith('0000:0000:0000:0000:0000:ffff');
        const isNobodys = isMapped || nobody.check(peer.address, family === 4 ? 'ipv4' : 'ipv6');
        const isSelf = peer.address === '192.0.2.1' && port === 53;
        expect(filter.isReflection(peer), `${peer.address} ${port}`).toBe(
          reflecting.has(port) || isNobodys || isSelf,
        );
      }),
      { numRuns: 3_000 },
    );
  });
});
