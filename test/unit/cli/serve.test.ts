import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig, type ServeFlags } from '../../../src/cli/serve.ts';
import { OperationError } from '../../../src/control/operation.ts';
import { Workplace } from '../../support/processes.ts';

function failure(flags: ServeFlags): OperationError {
  try {
    readConfig(flags);
  } catch (error) {
    if (error instanceof OperationError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

describe('flags of serve', () => {
  it('win over the file', () => {
    const place = new Workplace();
    fs.writeFileSync(place.at('k.yaml'), 'listen: ["127.0.0.1:53"]\nlogLevel: warn\nkeysDirectory: k\n');
    const { config, warnings } = readConfig({
      config: place.at('k.yaml'),
      listen: ['[::1]:5353', '127.0.0.1:5353'],
      zones: 'z',
      workers: '2',
      unsigned: true,
    });
    expect(warnings).toEqual([]);
    expect(config).toMatchObject({
      listen: [
        { address: '::1', port: 5353 },
        { address: '127.0.0.1', port: 5353 },
      ],
      zonesDirectory: path.resolve('z'),
      keysDirectory: place.at('k'),
      logLevel: 'warn',
      workers: 2,
      isUnsigned: true,
    });
    place.remove();
  });

  it('that make no sense are wrong usage', () => {
    expect(failure({ listen: ['localhost'] })).toMatchObject({ kind: 'USAGE_WRONG', code: 'BAD_LISTEN' });
    expect(failure({ workers: '0' })).toMatchObject({ kind: 'USAGE_WRONG', code: 'BAD_WORKERS' });
    expect(failure({ config: path.join('no', 'such.yaml') })).toMatchObject({ code: 'CONFIG_UNREADABLE' });
  });

  it('hand on what the file says that works at a cost', () => {
    const place = new Workplace();
    fs.writeFileSync(place.at('k.yaml'), 'policies: { a: { algorithm: ECDSAP384SHA384 } }\n');
    const { config, warnings } = readConfig({ config: place.at('k.yaml') });
    expect(config.policies.get('a')?.algorithm).toBe(14);
    expect(warnings.map(({ code, line }) => [code, line])).toEqual([['CONFIG_COSTLY', 1]]);
    place.remove();
  });

  it('show what is wrong in the file', () => {
    const place = new Workplace();
    fs.writeFileSync(place.at('k.yaml'), 'listne: []\n');
    const { kind, message } = failure({ config: place.at('k.yaml') });
    expect(kind).toBe('DATA_WRONG');
    expect(message).toMatch(/k\.yaml:1:1: error: unknown key "listne", did you mean "listen"\?/);
    place.remove();
  });
});
