import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../../../src/store/config.ts';
import { runCaptured } from '../../support/captured.ts';
import { Workplace } from '../../support/processes.ts';

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => place.remove());

function written(text: string): string {
  const file = place.at('keyturn.yaml');
  fs.writeFileSync(file, text);
  return file;
}

const GOOD = `listen: ["127.0.0.1:5300", "[::1]:5300"]
zonesDirectory: z
policies:
  fast: &fast
    scheme: ksk-zsk
    lifetime: { zsk: 30d }
    digests: [2, 4]
  other: *fast
zones:
  Example.com: { policy: fast }
  "10": {}
`;

describe('config check', () => {
  it('accepts a good file', async () => {
    const file = written(GOOD);
    const { code, out } = await runCaptured('config', 'check', file);
    expect({ code, out }).toEqual({ code: 0, out: `ok ${file}: can be used: 0 errors, 0 warnings` });
  });

  it('shows all errors at their places, with what was meant', async () => {
    const file = written(
      'listne: []\npolicies: { a: { algorithm: RSA } }\nzones: { x: { policy: defautl } }\n',
    );
    const { code, out } = await runCaptured('config', 'check', file);
    expect(code).toBe(1);
    expect(out).toContain(
      `${file}:1:1: error: unknown key "listne", did you mean "listen"? [CONFIG_UNKNOWN_KEY]`,
    );
    expect(out).toMatch(/:2:29: error: .*"RSA" is no algorithm/);
    expect(out).toMatch(/cannot be used: 2 errors, 0 warnings$/);
  });

  it('tells warnings and takes the file all the same', async () => {
    const file = written('policies: { a: { algorithm: ECDSAP384SHA384 } }\n');
    const { code, out } = await runCaptured('config', 'check', file);
    expect(code).toBe(0);
    expect(out).toContain('CONFIG_COSTLY');
    expect(out).toMatch(/warn .*: can be used: 0 errors, 1 warning$/);
  });

  it('gives diagnostics as JSON', async () => {
    const { code, out } = await runCaptured('--json', 'config', 'check', written('workers: none\n'));
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      schema_version: 1,
      ok: false,
      diagnostics: [{ severity: 'error', code: 'CONFIG_VALUE', line: 1, column: 10 }],
    });
  });

  it('refuses a file that is not there', async () => {
    const { code, err } = await runCaptured('config', 'check', place.at('none.yaml'));
    expect(code).toBe(2);
    expect(err).toContain('CONFIG_UNREADABLE');
  });
});

describe('config show', () => {
  it('writes a configuration that says the same, with nothing left to defaults', async () => {
    const file = written(GOOD);
    const { out, code } = await runCaptured('config', 'show', file);
    expect(code).toBe(0);
    const again = parseConfig(out, '/elsewhere/full.yaml');
    expect(again.diagnostics).toEqual([]);
    expect(again.config).toEqual(parseConfig(GOOD, file).config);
    const full = await runCaptured('config', 'show', written(out));
    expect(parse(full.out)).toEqual(parse(out));
    expect(full.out.split('\n').filter((line) => line.endsWith('# default'))).toEqual([]);
  });

  it('says where each value is from', async () => {
    const { out } = await runCaptured('config', 'show', written(GOOD));
    expect(out).toContain('listen: [127.0.0.1:5300, "[::1]:5300"] # line 1');
    expect(out).toMatch(/^workers: 1 # default$/m);
    expect(out).toContain('      zsk: 30d # line 6');
    expect(out.match(/scheme: ksk-zsk # line 5/g), 'an alias too').toHaveLength(2);
    expect(out).toMatch(/"10":\n {4}policy: default # default/);
  });

  it('shows the defaults without a file', async () => {
    const { out, code } = await runCaptured('config', 'show');
    expect(code).toBe(0);
    expect(parse(out)).toMatchObject({
      listen: ['127.0.0.1:5300'],
      policies: { default: { validity: '7d' } },
    });
  });

  it('gives values as JSON', async () => {
    const { out } = await runCaptured('--json', 'config', 'show', written(GOOD));
    const { schema_version, values } = JSON.parse(out);
    expect(schema_version).toBe(1);
    const lifetime = ['policies', 'fast', 'lifetime', 'zsk'];
    expect(values).toContainEqual({ key: lifetime, value: '30d', origin: 'file', line: 6 });
    expect(values).toContainEqual({ key: ['workers'], value: 1, origin: 'default', line: null });
  });

  it('refuses a file with errors, and says which', async () => {
    const { code, out, err } = await runCaptured('config', 'show', written('workers: none\n'));
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/CONFIG_VALUE[\s\S]*CONFIG_WRONG/);
  });
});

describe('config schema', () => {
  it('is a JSON Schema that knows and explains every key', async () => {
    const { out, code } = await runCaptured('config', 'schema');
    expect(code).toBe(0);
    const schema = JSON.parse(out);
    expect(schema).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      additionalProperties: false,
    });
    const check = (properties: Record<string, { description?: string; properties?: object }>) => {
      for (const [key, node] of Object.entries(properties)) {
        if (node.properties === undefined) expect(node.description, key).toMatch(/\S/);
        else check(node.properties as typeof properties);
      }
    };
    check(schema.properties);
    check(schema.properties.policies.additionalProperties.properties);
  });
});
