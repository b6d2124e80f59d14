/** What the configuration says about EDNS, and the file of cookie secrets. */
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/store/config.ts';
import { shownConfig, yamlOf } from '../../../src/store/config-show.ts';
import { parseCookieSecrets } from '../../../src/store/cookiesecrets.ts';
import { formatName } from '../../../src/wire/name.ts';

const FILE = '/etc/keyturn/keyturn.yaml';
const read = (text: string) => parseConfig(text, FILE);
const complaints = (text: string) => read(text).diagnostics.map(({ message }) => message);

describe('the configuration of EDNS', () => {
  it('is silent by default, but for cookies of a random secret', () => {
    expect(read('').config?.edns).toEqual({
      cookies: { mode: 'answer', secretFile: undefined },
      nsid: null,
      reportAgent: null,
      identity: { version: null, hostname: null },
    });
  });

  it('tells what it is told to', () => {
    const text = `cookies: { mode: require, secretFile: cookie.secrets }
identity: { nsid: ams1, version: Keyturn, hostname: ns1.example.net }
reportAgent: Agent.example.net
`;
    const edns = read(text).config!.edns;
    expect(edns.cookies).toEqual({ mode: 'require', secretFile: '/etc/keyturn/cookie.secrets' });
    expect(new TextDecoder().decode(edns.nsid!)).toBe('ams1');
    expect(formatName(edns.reportAgent!)).toBe('Agent.example.net.');
    expect(edns.identity).toEqual({ version: 'Keyturn', hostname: 'ns1.example.net' });
    const shown = yamlOf(shownConfig(read(text).config!, text));
    expect(read(shown).config?.edns).toEqual(edns);
  });

  it('takes an identifier in hexadecimal', () => {
    expect([...read('identity: { nsid: "0x00ff" }').config!.edns.nsid!]).toEqual([0, 255]);
  });

  it.each([
    ['identity: { nsid: "" }', /not empty/],
    [`identity: { nsid: "${'a'.repeat(129)}" }`, /at most 128 octets/],
    [`identity: { version: "${'ü'.repeat(128)}" }`, /at most 255 octets/],
    ['reportAgent: "."', /the root is not meant/],
    ['reportAgent: "a..b"', /is no domain name/],
    ['cookies: { mode: always }', /answer/],
  ])('does not take %s', (text, complaint) => {
    expect(complaints(text)).toEqual([expect.stringMatching(complaint)]);
  });
});

describe('the file of cookie secrets', () => {
  const [A, B] = ['445536bcd2513298075a5d379663c962', 'DD3BDF9344B678B185A6F5CB60FCA715'];

  it('has one a line, in the order in which they are used', () => {
    const secrets = parseCookieSecrets(`# shared by ns1 and ns2\n${A}\n\n0x${B} # old\r\n`);
    expect(secrets).toEqual([A, B].map((digits) => new Uint8Array(Buffer.from(digits!, 'hex'))));
  });

  it.each([
    ['', 'there is no secret in it'],
    ['# none\n', 'there is no secret in it'],
    [`${A}\n${A!.slice(1)}\n`, 'line 2 is no secret of 32 hexadecimal digits'],
    [`${A!.slice(1)}g`, 'line 1 is no secret of 32 hexadecimal digits'],
    [`${A}\n`.repeat(5), 'there are more than 4 secrets in it'],
  ])('is refused without telling what is in it: %j', (text, complaint) => {
    expect(parseCookieSecrets(text)).toBe(complaint);
  });
});
