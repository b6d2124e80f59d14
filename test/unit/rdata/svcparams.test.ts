/** SvcParams: the vectors of RFC 9460 appendix D, and the keys that came after it. */
import { describe, expect, it } from 'vitest';
import { readMasterFile } from '../../support/masterfile.ts';

function read(text: string): { rdata: string | undefined; text: string | undefined; faults: string[] } {
  const { records, diagnostics } = readMasterFile(`x 1 ${text}\n`);
  const [record] = records;
  return {
    rdata: record && Buffer.from(record.rdata).toString('hex'),
    text: record?.text.split('\t').slice(3).join(' '),
    faults: diagnostics.map(({ message }) => message),
  };
}

const FOO_COM = '03666f6f076578616d706c6503636f6d00';
const FOO_ORG = '03666f6f076578616d706c65036f726700';
const EXAMPLE_COM = '076578616d706c6503636f6d00';

describe('RFC 9460 appendix D', () => {
  it.each([
    ['figure 2', 'HTTPS 0 foo.example.com.', `0000${FOO_COM}`],
    ['figure 3', 'SVCB 1 .', '000100'],
    ['figure 4', 'SVCB 16 foo.example.com. port=53', `0010${FOO_COM}000300020035`],
    ['figure 5', 'SVCB 1 foo.example.com. key667=hello', `0001${FOO_COM}029b000568656c6c6f`],
    [
      'figure 6',
      'SVCB 1 foo.example.com. key667="hello\\210qoo"',
      `0001${FOO_COM}029b000968656c6c6fd2716f6f`,
    ],
    [
      'figure 7',
      'SVCB 1 foo.example.com. ipv6hint="2001:db8::1,2001:db8::53:1"',
      `0001${FOO_COM}0006002020010db800000000000000000000000120010db8000000000000000000530001`,
    ],
    [
      'figure 8',
      'SVCB 1 example.com. ipv6hint="2001:db8:122:344::192.0.2.33"',
      `0001${EXAMPLE_COM}0006001020010db80122034400000000c0000221`,
    ],
    [
      'figure 9',
      'SVCB 16 foo.example.org. (alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1)',
      `0010${FOO_ORG}0000000400010004000100090268320568332d313900040004c0000201`,
    ],
    [
      'figure 10, quoted',
      'SVCB 16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"',
      `0010${FOO_ORG}0001000c08665c6f6f2c626172026832`,
    ],
    [
      'figure 10, unquoted',
      'SVCB 16 foo.example.org. alpn=f\\\\\\092oo\\092,bar,h2',
      `0010${FOO_ORG}0001000c08665c6f6f2c626172026832`,
    ],
  ])('%s: %s', (_, text, rdata) => {
    expect(read(text)).toMatchObject({ rdata, faults: [] });
    const again = read(read(text).text as string);
    expect(again).toMatchObject({ rdata, faults: [] });
  });

  it.each([
    ['figure 11', '(key123=abc key123=def)', 'a parameter is given twice'],
    ['figure 12', 'mandatory', 'parameter mandatory: its value is wrong'],
    ['figure 12', 'alpn', 'parameter alpn: its value is wrong'],
    ['figure 12', 'port', 'parameter port: its value is wrong'],
    ['figure 12', 'ipv4hint', 'parameter ipv4hint: its value is wrong'],
    ['figure 12', 'ipv6hint', 'parameter ipv6hint: its value is wrong'],
    ['figure 13', 'no-default-alpn=abc', 'parameter no-default-alpn: it takes no value'],
    ['figure 14', 'mandatory=key123', 'key123 is mandatory, but is not given'],
    ['figure 15', 'mandatory=mandatory', 'parameter mandatory: it may not name itself'],
    ['figure 16', '(mandatory=key123,key123 key123=abc)', 'parameter mandatory: a key is named twice'],
  ])('%s is refused: %s', (_, parameters, fault) => {
    expect(read(`SVCB 1 foo.example.com. ${parameters}`)).toEqual({
      rdata: undefined,
      text: undefined,
      faults: [`SVCB: ${fault}`],
    });
  });
});

describe('keys of the registry after RFC 9460', () => {
  it.each([
    ['dohpath=/dns-query{?dns}', '00070010', 'key7="/dns-query{?dns}"'],
    ['dohpath="/q{?dns,x}"', '0007000a', 'key7="/q{?dns,x}"'],
    ['ohttp', '00080000', 'key8'],
    ['tls-supported-groups=29,23', '00090004001d0017', 'key9="\\000\\029\\000\\023"'],
    ['docpath=dns', '000a000403646e73', 'key10="\\003dns"'],
    ['docpath=a,b\\\\,c', '000a0006016103622c63', 'key10="\\001a\\003b,c"'],
    ['docpath', '000a0000', 'key10'],
    ['pvd', '000b0000', 'key11'],
    ['mandatory=dohpath dohpath=/{?dns}', '00000002000700070007', 'mandatory=key7 key7="/{?dns}"'],
  ])('%s', (parameters, octets, written) => {
    const { rdata, text } = read(`SVCB 1 . ${parameters}`);
    expect(rdata?.startsWith(`000100${octets}`)).toBe(true);
    expect(text).toBe(`SVCB 1 . ${written}`);
    expect(read(text as string).rdata).toBe(rdata);
  });

  it.each([
    'dohpath',
    'dohpath=/dns-query',
    'dohpath=dns{?dns}',
    'dohpath="/\\255{?dns}"',
    'key7=x',
    'ohttp=1',
    'pvd=""x',
    'key11=x',
    'tls-supported-groups',
    'tls-supported-groups=29,29',
    'tls-supported-groups=65536',
    'tls-supported-groups=x25519',
    'key9=abc',
    'docpath=a,,b',
    'key10=abc',
  ])('%s is refused', (parameters) => {
    expect(read(`SVCB 1 . ${parameters}`).rdata).toBeUndefined();
  });
});
