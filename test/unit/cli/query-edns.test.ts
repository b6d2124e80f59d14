/** EDNS of queries: what the options of the command line send, and answers in words. */
import { type DecodedPacket, decode } from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { anyOption, optionText, readOptions, subnetOption } from '../../../src/cli/query-edns.ts';
import { optionsOf, type QueryFlags } from '../../../src/cli/query-flags.ts';
import { encodeQuery } from '../../../src/cli/query-message.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { runCaptured } from '../../support/captured.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

/** The query as dns-packet reads it. */
function sent(flags: Partial<QueryFlags>, number?: number): DecodedPacket & { octets: Buffer } {
  const question = {
    name: nameOf('example.com.'),
    type: 6,
    ...(number === undefined ? {} : { class: number }),
  };
  const octets = encodeQuery(7, question, optionsOf({ edns: true, timeout: '1s', tries: '1', ...flags }));
  return { ...decode(octets), octets };
}

interface SeenOption {
  readonly code: number;
  readonly data?: Buffer;
}

function optionsIn(packet: DecodedPacket): string[] {
  const opt = packet.additionals?.[0] as unknown as { options: readonly SeenOption[] };
  return opt.options.map(({ code, data }) => `${code}:${data?.toString('hex') ?? ''}`);
}

describe('the options of a query', () => {
  it.each([
    [{ nsid: true }, ['3:']],
    [{ keepalive: true }, ['11:']],
    [{ withCookie: '0011223344556677' }, ['10:0011223344556677']],
    [{ subnet: '192.0.2.130/25' }, ['8:00011900c0000280']],
    [{ subnet: '2001:db8:ffff::/34' }, ['8:0002220020010db8c0']],
    [{ subnet: '0.0.0.0/0' }, ['8:00010000']],
    [{ option: ['65001:00ff', '65002'] }, ['65001:00ff', '65002:']],
  ] satisfies [Partial<QueryFlags>, string[]][])('%j', (flags, expected) => {
    expect(optionsIn(sent(flags))).toEqual(expected);
  });

  it('make a new cookie each time', () => {
    const cookies = Array.from({ length: 20 }, () => optionsIn(sent({ cookie: true }))[0]);
    expect(new Set(cookies).size).toBe(20);
    for (const cookie of cookies) expect(cookie).toMatch(/^10:[0-9a-f]{16}$/);
  });

  it('set flags, version, payload, class and opcode', () => {
    const packet = sent(
      { compact: true, dnssec: true, ednsVersion: '1', payload: '4096', cd: true, ad: true },
      3,
    );
    expect(packet).toMatchObject({
      flag_cd: true,
      flag_ad: true,
      flag_rd: false,
      questions: [{ class: 'CH' }],
    });
    expect(packet.additionals).toMatchObject([{ udpPayloadSize: 4096, ednsVersion: 1, flags: 0xc000 }]);
    expect(sent({ opcode: 'notify' }).octets[2]! >> 3).toBe(4);
    expect(sent({ opcode: '6' }).octets[2]! >> 3).toBe(6);
  });

  it('leave EDNS out', () => expect(sent({ edns: false }).additionals).toEqual([]));
  it('pad over TLS', () => expect(sent({ tls: true }).octets.length).toBe(128));

  it.each([
    ['--with-cookie', 'xyz'],
    ['--subnet', '192.0.2.0'],
    ['--subnet', '192.0.2.0/33'],
    ['--option', '65536'],
    ['--option', '1:123'],
    ['--edns-version', '256'],
    ['--payload', '65536'],
    ['--class', 'INN'],
    ['--opcode', '16'],
    ['--tls-ca', 'nowhere.pem'],
  ])('%s %s is refused', async (option, value) => {
    const { code, err } = await runCaptured('query', 'a', '@127.0.0.1', option, value);
    expect(code).toBe(2);
    expect(err).toContain(option);
  });
});

describe('options of an answer', () => {
  it.each([
    [3, '6e7331', 'server id: ns1'],
    [8, '00011800c00002', 'client subnet 192.0.2.0/24, of which 0 bits matter'],
    [8, '0002200820010db8', 'client subnet 2001:db8::/32, of which 8 bits matter'],
    [9, '00000e10', 'zone expires in 3600 s'],
    [11, '0064', 'connection may idle for 10 s'],
    [12, '000000', 'padding of 3 octets'],
    [15, '0012', 'extended error 18 (Prohibited)'],
    [15, '001e6e6f', 'extended error 30 (Invalid Query Type): no'],
    [15, 'ffff', 'extended error 65535'],
    [18, '0572656e7574076578616d706c6500', 'report errors below renut.example.'],
    [19, '02000000002a', 'zone version: serial 42 of the zone with 2 labels'],
    [8, '00', 'option 8: 00'],
    [9, '01', 'option 9: 01'],
    [11, '', 'option 11: '],
    [15, '00', 'option 15: 00'],
    [18, '0572', 'option 18: 0572'],
    [20, 'c0ffee', 'option 20: c0ffee'],
  ])('%s %s', (code, data, text) => expect(optionText({ code, data: hex(data) })).toBe(text));

  it('tell whether a cookie is for what was sent', () => {
    const data = hex('00112233445566778899aabbccddeeff');
    const words = 'cookie: 0011223344556677 8899aabbccddeeff';
    expect(optionText({ code: 10, data }, hex('0011223344556677'))).toBe(words);
    expect(optionText({ code: 10, data }, hex('ff11223344556677'))).toContain('not what was sent');
    expect(optionText({ code: 10, data: data.subarray(0, 8) })).toContain('without a server part');
  });

  it('are read as far as they go', () => {
    expect(readOptions(hex('0003000000040002aabb'))).toEqual([
      { code: 3, data: Buffer.alloc(0) },
      { code: 4, data: Buffer.from('aabb', 'hex') },
    ]);
    expect(readOptions(hex('00030001'))).toEqual([]);
    expect(readOptions(hex('000300'))).toEqual([]);
  });

  it('are no options where the text is none', () => {
    expect([
      anyOption(''),
      anyOption('x'),
      anyOption('1:g0'),
      subnetOption('a/8'),
      subnetOption('::/129'),
    ]).toEqual(Array(5).fill(undefined));
  });
});
