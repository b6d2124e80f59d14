import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../../../src/base/diagnostic.ts';
import { DEFAULT_POLICY } from '../../../src/kasp/policy.ts';
import { defaultConfig, parseConfig, policyOf } from '../../../src/store/config.ts';
import { nearest } from '../../../src/store/config-words.ts';
import { parseListen } from '../../../src/store/listen.ts';
import { nameOf } from '../../../src/wire/name.ts';

/** `line:column code message` of each finding. */
function findings(text: string): string[] {
  const { config, diagnostics } = parseConfig(text, 'k.yaml');
  expect(config === undefined).toBe(diagnostics.length > 0);
  return diagnostics.map(({ line, column, code, message }) => `${line}:${column} ${code} ${message}`);
}

function good(text: string, file = 'k.yaml') {
  const { config, diagnostics } = parseConfig(text, file);
  expect(diagnostics.map(formatDiagnostic)).toEqual([]);
  return config!;
}

describe('configuration', () => {
  it('has a default for every key', () => {
    const config = good('');
    expect(config).toEqual(defaultConfig());
    expect(config.listen).toEqual([{ address: '127.0.0.1', port: 5300 }]);
    expect(config.zonesDirectory).toBe(path.resolve('zones'));
    expect(config.controlPath).toBe(path.resolve('keys', 'control.sock'));
    expect(policyOf(config, nameOf('example.com.'))).toEqual({ name: 'default', policy: DEFAULT_POLICY });
  });

  it('reads all keys of the design page', () => {
    const config = good(`
listen: ["127.0.0.1:5300", "[::1]:53"]
policies:
  default: { scheme: csk, algorithm: ECDSAP256SHA256, lifetime: { csk: unlimited, ksk: 1y, zsk: 90d },
             dnskeyTtl: 1h, cdsTtl: 5m, maxZoneTtl: 1d, publishSafety: 1h, retireSafety: 1h, propagation: 5m,
             parent: { propagation: 1h, dsTtl: 1d }, cdsHold: 72h, minInterval: 24h, staleAfter: 14d,
             rollover: { ksk: additive, algorithm: conservative }, autoCancel: never, purgeAfter: 90d,
             bootstrapHold: auto, monitor: { interval: 1h, rounds: 2, roundGap: 5m }, validity: 7d,
             denial: nsec, cds: always, digests: [2] }
zones: { example.com: { policy: default } }
`);
    expect(config.policies.get('default')).toEqual(DEFAULT_POLICY);
    expect(config.listen[1]).toEqual({ address: '::1', port: 53 });
  });

  it('completes a policy from the defaults, key by key', () => {
    const config = good(`
policies: { fast: { parent: { dsTtl: 30s }, bootstrapHold: 0s, algorithm: 15 } }
zones: { Example.COM: { policy: fast } }
`);
    const { name, policy } = policyOf(config, nameOf('EXAMPLE.com.'));
    expect(name).toBe('fast');
    expect(policy).toEqual({
      ...DEFAULT_POLICY,
      algorithm: 15,
      bootstrapHold: 0,
      parent: { ...DEFAULT_POLICY.parent, dsTtl: 30 },
    });
    expect(policyOf(config, nameOf('other.')).name).toBe('default');
  });

  it('tells the place of an unknown key and the one that was meant', () => {
    expect(
      findings('listen: ["127.0.0.1:53"]\npolicies:\n  default:\n    dnskeyTTl: 5m\n    foo: 1\n'),
    ).toEqual([
      '4:5 CONFIG_UNKNOWN_KEY unknown key "dnskeyTTl", did you mean "dnskeyTtl"?',
      '5:5 CONFIG_UNKNOWN_KEY unknown key "foo"',
    ]);
    expect(findings('lisen: []\n')).toEqual([
      '1:1 CONFIG_UNKNOWN_KEY unknown key "lisen", did you mean "listen"?',
    ]);
  });

  it('shows the line and a caret', () => {
    const { diagnostics } = parseConfig('workers: 0\n', 'k.yaml');
    expect(formatDiagnostic(diagnostics[0]!)).toMatch(
      /^k\.yaml:1:10: error: workers: .* \[CONFIG_VALUE\]\n {4}workers: 0\n {13}\^$/,
    );
  });

  it('tells the place of each bad value, all at once', () => {
    const found = findings(`
listen: ["localhost:53", "127.0.0.1"]
policies:
  default:
    dnskeyTtl: soon
    algorithm: RSASHA256
    digests: [1]
    denial: nsec5
    lifetime: { zsk: [] }
`);
    expect(found[0]).toMatch(
      /^2:10 CONFIG_VALUE listen.0: "localhost:53" has no literal IPv4 or IPv6 address$/,
    );
    expect(found[1]).toMatch(/^2:26 CONFIG_VALUE listen.1: "127.0.0.1" is no address and port/);
    expect(found[2]).toMatch(/^5:16 CONFIG_VALUE policies.default.dnskeyTtl: "soon" is no duration/);
    expect(found[3]).toMatch(/^6:16 CONFIG_VALUE .*RSASHA256.*ECDSAP256SHA256/);
    expect(found[4]).toMatch(/^7:15 CONFIG_VALUE .*digest types are 2/);
    expect(found[5]).toMatch(/^8:13 CONFIG_VALUE .*"nsec"\|"nsec3"\|"compact"/);
    expect(found[6]).toMatch(/^9:22 CONFIG_VALUE policies.default.lifetime.zsk/);
    expect(found).toHaveLength(7);
  });

  it('refuses what cannot work', () => {
    expect(findings('policies:\n  a:\n    validity: 1h\n')[0]).toMatch(
      /^3:15 CONFIG_IMPOSSIBLE validity: 1h is too short/,
    );
    expect(findings('policies: { a: { dnskeyTtl: 8d } }\n')[0]).toMatch(/CONFIG_IMPOSSIBLE dnskeyTtl/);
  });

  it('refuses lifetimes that leave no room for twice their waits, and shows the sum', () => {
    const zsk = 'policies: { a: { scheme: ksk-zsk, lifetime: { zsk: LIFE } } }\n';
    expect(findings(zsk.replace('LIFE', '2h'))).toEqual([
      '1:52 CONFIG_IMPOSSIBLE lifetime.zsk: 2h is under 2d8h30m, twice the waits of one rollover: ' +
        'publish (propagation 5m, dnskeyTtl 1h, publishSafety 1h) + ' +
        'switch (propagation 5m, maxZoneTtl 1d, retireSafety 1h) + ' +
        'remove (propagation 5m, dnskeyTtl 1h) = 1d4h15m',
    ]);
    expect(findings(zsk.replace('LIFE', '203399s'))).toHaveLength(1);
    expect(findings(zsk.replace('LIFE', '203400s'))).toEqual([]);
    expect(findings('policies: { a: { lifetime: { zsk: 2h } } }\n')).toEqual([]);
    const csk = 'policies: { a: { lifetime: { csk: 4d }, maxZoneTtl: 30h, rollover: { ksk: METHOD } } }\n';
    expect(findings(csk.replace('METHOD', 'additive'))[0]).toMatch(
      /csk: 4d is under 5d30m.*soak \(parent.propagation 1h, parent.dsTtl 1d, retireSafety 1h\) \+ switch .* = 2d12h15m$/,
    );
    expect(findings(csk.replace('METHOD', 'swap'))).toEqual([]);
  });

  it('warns of what costs, and takes it all the same', () => {
    const { config, diagnostics } = parseConfig('policies: { a: { algorithm: 14 } }\n', 'k.yaml');
    expect(config?.policies.get('a')?.algorithm).toBe(14);
    expect(diagnostics.map(({ severity, code, line, column }) => [severity, code, line, column])).toEqual([
      ['warning', 'CONFIG_COSTLY', 1, 29],
    ]);
  });

  it('warns of opt-out, which weakens NSEC3 and is nothing elsewhere', () => {
    const told = (values: string) => {
      const { diagnostics } = parseConfig(`policies: { a: { ${values} } }\n`, 'k.yaml');
      return diagnostics.map(({ code, message }) => `${code} ${message}`);
    };
    expect(told('denial: nsec3, optOut: true')).toEqual([
      expect.stringMatching(/^CONFIG_COSTLY optOut: .*very large zones of delegations/),
    ]);
    expect(told('optOut: true')).toEqual([expect.stringMatching(/^CONFIG_COSTLY optOut: only NSEC3 has it/)]);
    expect(told('denial: nsec3, optOut: false')).toEqual([]);
  });

  it('warns of rollovers that would be cancelled before the parent acts', () => {
    const told = (value: string) => {
      const { diagnostics } = parseConfig(`policies: { a: { autoCancel: ${value} } }\n`, 'k.yaml');
      return diagnostics.map(({ severity, code }) => [severity, code]);
    };
    expect(told('71h')).toEqual([['warning', 'CONFIG_COSTLY']]);
    expect(told('72h')).toEqual([]);
    expect(told('never')).toEqual([]);
    expect(told('true')).toEqual([['error', 'CONFIG_VALUE']]);
  });

  it('reads how keys are rolled', () => {
    const text = 'policies: { a: { rollover: { ksk: double-ds }, autoCancel: 30d, purgeAfter: 120d } }\n';
    expect(good(text).policies.get('a')).toEqual({
      ...DEFAULT_POLICY,
      rollover: { ksk: 'double-ds', algorithm: 'conservative' },
      autoCancel: 30 * 86_400,
      purgeAfter: 120 * 86_400,
    });
    expect(findings('policies: { a: { rollover: { ksk: double } } }\n')[0]).toMatch(/^1:35 CONFIG_VALUE/);
    expect(findings('policies: { a: { rollover: { kks: swap } } }\n')[0]).toMatch(/did you mean "ksk"/);
  });

  it('refuses zones that are no names, twice there, or of an unknown policy', () => {
    expect(findings('zones: { "a..b": {} }\n')[0]).toMatch(/^1:18 CONFIG_ZONE_NAME "a..b"/);
    expect(findings('zones: { a.example: {}, A.example.: {} }\n')[0]).toMatch(/CONFIG_ZONE_TWICE/);
    expect(findings('policies: { strict: {} }\nzones: { a.example: { policy: strct } }\n')).toEqual([
      '2:31 CONFIG_NO_POLICY no policy is named "strct", did you mean "strict"?',
    ]);
  });

  it('tells broken YAML with its place and survives hostile YAML', () => {
    expect(findings('listen: [\n')[0]).toMatch(/^\d:\d+ CONFIG_SYNTAX /);
    expect(findings('a: 1\na: 2\n')[0]).toMatch(/^2:1 CONFIG_SYNTAX .*unique/);
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
      .split('')
      .map((letter, i) => `${letter}: &${letter} [${`*${'abcdefg'[i]},`.repeat(9)}]`)
      .join('\n')}\n`;
    expect(findings(bomb)[0]).toMatch(/CONFIG_SYNTAX/);
    expect(findings(`x: ${' '.repeat(1 << 20)}`)[0]).toMatch(/CONFIG_TOO_LARGE/);
    expect(findings('just text\n')[0]).toMatch(/CONFIG_VALUE/);
    expect(findings('[1, 2]\n')[0]).toMatch(/CONFIG_VALUE/);
  });

  it('takes paths of the file from where the file is, those of the command line from here', () => {
    const text = 'zonesDirectory: z\nkeysDirectory: ../k\ncontrol: run/c.sock\n';
    const config = good(text, path.join('etc', 'keyturn', 'k.yaml'));
    expect(config.zonesDirectory).toBe(path.resolve('etc/keyturn/z'));
    expect(config.keysDirectory).toBe(path.resolve('etc/k'));
    expect(config.controlPath).toBe(path.resolve('etc/keyturn/run/c.sock'));
    const overridden = parseConfig(text, 'etc/k.yaml', {
      zonesDirectory: 'mine',
      isUnsigned: true,
      workers: 3,
    });
    expect(overridden.config).toMatchObject({
      zonesDirectory: path.resolve('mine'),
      isUnsigned: true,
      workers: 3,
    });
    expect(defaultConfig({ keysDirectory: 'q' }).controlPath).toBe(path.resolve('q/control.sock'));
  });
});

describe('addresses to listen on', () => {
  it('are literal, with a port', () => {
    expect(parseListen('[2001:db8::1]:53')).toEqual({ address: '2001:db8::1', port: 53 });
    expect(parseListen('[fe80::1%eth0]:53')).toEqual({ address: 'fe80::1%eth0', port: 53 });
    for (const bad of [
      '',
      ':53',
      '::1:53',
      '[127.0.0.1]:53',
      '127.0.0.1:0',
      '127.0.0.1:65536',
      '1.2.3:53',
      '[]:1',
    ]) {
      expect(parseListen(bad), bad).toBeTypeOf('string');
    }
  });
});

describe('words that were meant', () => {
  it('are near', () => {
    expect(nearest('algoritm', ['algorithm', 'cds'])).toBe('algorithm');
    expect(nearest('sdc', ['algorithm', 'cds'])).toBeUndefined();
    expect(nearest('dcs', ['algorithm', 'cds'])).toBe('cds');
    expect(nearest('x', [])).toBeUndefined();
  });
});
