import { describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../../../src/base/diagnostic.ts';
import { defaultConfig, parseConfig } from '../../../src/store/config.ts';
import { shownConfig, yamlOf } from '../../../src/store/config-show.ts';
import { parsePrefix } from '../../../src/wire/prefix.ts';

function good(text: string) {
  const { config, diagnostics } = parseConfig(text, 'k.yaml');
  expect(diagnostics.map(formatDiagnostic)).toEqual([]);
  return config!;
}

/** The messages about a text. */
function faults(text: string): string[] {
  return parseConfig(text, 'k.yaml').diagnostics.map(({ code, message }) => `${code} ${message}`);
}

const ALL = `
minimalResponses: true
rateLimit:
  mode: log
  answers: 1
  nodata: 2
  nxdomain: 3
  errors: 4
  nxdomainPerZone: 5
  window: 1m
  slip: 6
  ipv4Prefix: 32
  ipv6Prefix: 48
  amplification: 7
  accounts: 4096
  allow: [192.0.2.0/24, "2001:db8::1"]
`;

describe('rateLimit', () => {
  it('is off unless it is written, and can be written and off', () => {
    expect(defaultConfig().rateLimit).toBe(null);
    expect(defaultConfig().isMinimal).toBe(false);
    expect(good('rateLimit: { mode: off, slip: 1 }').rateLimit).toBe(null);
  });

  it('has a default for every key', () => {
    expect(good('rateLimit: {}').rateLimit).toEqual({
      isLogOnly: false,
      rates: [200, 200, 200, 200],
      zoneNxdomainRate: 0,
      windowS: 15,
      slip: 2,
      ipv4Bits: 24,
      ipv6Bits: 56,
      amplification: 10,
      accounts: 262_144,
      allow: [],
    });
  });

  it('takes all keys', () => {
    const { rateLimit, isMinimal } = good(ALL);
    expect(isMinimal).toBe(true);
    expect(rateLimit).toEqual({
      isLogOnly: true,
      rates: [1, 2, 3, 4],
      zoneNxdomainRate: 5,
      windowS: 60,
      slip: 6,
      ipv4Bits: 32,
      ipv6Bits: 48,
      amplification: 7,
      accounts: 4096,
      allow: [parsePrefix('192.0.2.0/24'), parsePrefix('2001:db8::1')],
    });
  });

  it('is shown as it can be written', () => {
    for (const text of [ALL, 'rateLimit: {}', '']) {
      const config = good(text);
      const again = good(yamlOf(shownConfig(config, text)));
      expect(again.rateLimit).toEqual(config.rateLimit);
      expect(again.isMinimal).toBe(config.isMinimal);
    }
    const shown = shownConfig(good(ALL), ALL).find(({ path }) => path.join('.') === 'rateLimit.slip');
    expect(shown).toEqual({ path: ['rateLimit', 'slip'], value: 6, line: 11 });
  });

  it.each([
    ['{ window: 0s }', 'CONFIG_VALUE rateLimit.window: a window is of 1 second to 1 hour'],
    ['{ window: 2h }', 'CONFIG_VALUE rateLimit.window: a window is of 1 second to 1 hour'],
    [
      '{ allow: [localhost] }',
      'CONFIG_VALUE rateLimit.allow.0: "localhost" is no address prefix, write 192.0.2.0/24 or 2001:db8::/32',
    ],
    [
      '{ allow: [192.0.2.1/24] }',
      'CONFIG_VALUE rateLimit.allow.0: "192.0.2.1/24" has bits set behind the first 24',
    ],
    ['{ slipp: 1 }', 'CONFIG_UNKNOWN_KEY unknown key "slipp", did you mean "slip"?'],
  ])('refuses %s', (value, fault) => {
    expect(faults(`rateLimit: ${value}`)).toEqual([fault]);
  });

  it.each(['{ accounts: 524289 }', '{ ipv6Prefix: 65 }', '{ slip: 11 }', '{ answers: -1 }', '{ mode: on }'])(
    'refuses %s',
    (value) => {
      expect(faults(`rateLimit: ${value}`)).toEqual([
        expect.stringMatching(/^CONFIG_VALUE rateLimit\.\w+: /),
      ]);
    },
  );
});
