import { describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../../../src/base/diagnostic.ts';
import { defaultConfig, parseConfig } from '../../../src/store/config.ts';
import { shownConfig, yamlOf } from '../../../src/store/config-show.ts';

function good(text: string) {
  const { config, diagnostics } = parseConfig(text, 'k.yaml');
  expect(diagnostics.map(formatDiagnostic)).toEqual([]);
  return config!;
}

/** The messages about a text. */
function faults(text: string): string[] {
  return parseConfig(text, 'k.yaml').diagnostics.map(({ code, message }) => `${code} ${message}`);
}

describe('synthesis', () => {
  it('has bounds that hold without being written', () => {
    const bounds = { signaturesPerSecond: 9_000, cacheOctets: 8_388_608 };
    expect(defaultConfig().synthesis).toEqual(bounds);
    expect(good('synthesis: { signatures: 1 }').synthesis).toEqual({ ...bounds, signaturesPerSecond: 1 });
    expect(good('synthesis: { cacheOctets: 0 }').synthesis).toEqual({ ...bounds, cacheOctets: 0 });
  });

  it('is shown as it can be written', () => {
    for (const text of ['synthesis: { signatures: 0, cacheOctets: 4096 }', '']) {
      const config = good(text);
      expect(good(yamlOf(shownConfig(config, text))).synthesis).toEqual(config.synthesis);
    }
  });

  it('refuses what is no bound', () => {
    expect(faults('synthesis: { signatures: -1 }')).toEqual([
      expect.stringMatching(/^CONFIG_VALUE synthesis\.signatures: /),
    ]);
    expect(faults('synthesis: { signature: 1 }')).toEqual([
      'CONFIG_UNKNOWN_KEY unknown key "signature", did you mean "signatures"?',
    ]);
  });
});
