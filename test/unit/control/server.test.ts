/** Client and server over a real socket, with handlers of the test. */
import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ControlClient } from '../../../src/control/client.ts';
import { OperationError } from '../../../src/control/operation.ts';
import { OPERATIONS, type OperationName } from '../../../src/control/operations.ts';
import { ControlServer, type Handlers } from '../../../src/control/server.ts';
import { createLog } from '../../../src/ops/log.ts';
import { failed } from '../../support/calls.ts';
import { Workplace } from '../../support/processes.ts';
import { askSocket } from '../../support/socket-http.ts';

const place = new Workplace();
const file = place.at('control.sock');
const asked: unknown[] = [];

/** Operations that no test here calls. */
const unused = Object.fromEntries(
  Object.keys(OPERATIONS).map((name) => [
    name,
    () => {
      throw new OperationError('DATA_WRONG', 'NOT_HERE', 'not a part of this test');
    },
  ]),
) as unknown as Handlers;

const handlers: Handlers = {
  ...unused,
  status: () => {
    throw new Error('a programmer erred');
  },
  'zone.list': () => ({ zones: [] }),
  'zone.show': ({ zone }) => {
    throw new OperationError('NO_SUCH_OBJECT', 'NO_SUCH_ZONE', `there is no zone ${zone}`, 'look elsewhere');
  },
  'zone.reload': (params) => {
    asked.push(params);
    return { zones: [] };
  },
  'zone.export': function* ({ zone, signed }) {
    for (let i = 0; i < 20_000; i++) yield `${zone} ${signed} ${i}`;
  } as Handlers['zone.export'],
  'zone.forget': () => ({ zones: ['a.'], kept: [] }),
  'ds.show': ({ zone }) => ({ zone, ds: [], dnskey: [], leaving: [], notBefore: null, caution: null }),
};

const server = new ControlServer(file, handlers, createLog('fatal' as 'error', { isTerminal: false }));
const client = new ControlClient(file);

beforeAll(() => server.start());
afterAll(async () => {
  await server.stop();
  place.remove();
});

/** Status and body of a request that our client would never send. */
async function raw(
  method: string,
  path: string,
  body = '',
  type = 'application/json',
): Promise<[number, string]> {
  const { status, text } = await askSocket(file, { method, path, body, type });
  return [status, text];
}

describe('control socket', () => {
  it('can be used by its owner alone', () => {
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
  });

  it('gives results with a schema version', async () => {
    expect(await client.call('zone.list', {})).toEqual({ schema_version: 1, zones: [] });
    expect(await client.call('zone.forget', {})).toEqual({ schema_version: 1, zones: ['a.'], kept: [] });
  });

  it('carries zones of any octets', async () => {
    for (const zone of [
      '.',
      'example.com.',
      'a\\.b.',
      '\\000\\255.x.',
      '0/25.arpa.',
      'a b?c#d%e.',
      `${'\\255'.repeat(62)}.`.repeat(4),
    ]) {
      expect((await client.call('ds.show', { zone })).zone).toBe(zone);
      await client.call('zone.reload', { zone });
      expect(asked.at(-1)).toEqual({ zone });
    }
    await client.call('zone.reload', { zone: undefined });
    expect(asked.at(-1)).toEqual({});
  });

  it('streams text, with flags from the query', async () => {
    let text = '';
    await client.stream('zone.export', { zone: 'a.', signed: true }, (part) => {
      text += part;
    });
    const lines = text.trimEnd().split('\n');
    expect(lines).toHaveLength(20_000);
    expect(lines.at(-1)).toBe('a. true 19999');
    await client.stream('zone.export', { zone: 'a.' }, (part) => {
      text = part.toString();
    });
    expect(text).toMatch(/a\. false/);
  });

  it('carries failures with code and fix', async () => {
    const failure = await failed(client.call('zone.show', { zone: 'x.' }));
    expect(failure).toMatchObject({ kind: 'NO_SUCH_OBJECT', code: 'NO_SUCH_ZONE', fix: 'look elsewhere' });
    expect(await failed(client.call('status', {}))).toMatchObject({ code: 'OPERATION_FAILED' });
  });

  it('refuses what it does not know, and stays up', async () => {
    expect((await raw('GET', '/v1/nothing'))[0]).toBe(404);
    expect((await raw('DELETE', '/v1/zones'))[0]).toBe(400);
    expect((await raw('POST', '/v1/reload', '{"zone":'))[0]).toBe(400);
    expect((await raw('POST', '/v1/reload', '{"zone":7}'))[0]).toBe(400);
    expect((await raw('POST', '/v1/reload', '{"__proto__":{"zone":"a"}}'))[0]).toBe(400);
    expect((await raw('POST', '/v1/reload', '{"zon":"a"}'))[0]).toBe(400);
    expect((await raw('POST', '/v1/reload', '{}', 'text/plain'))[0]).toBe(400);
    expect((await raw('POST', '/v1/reload', JSON.stringify({ zone: 'x'.repeat(70_000) })))[0]).toBe(400);
    expect((await raw('GET', '/v1/zones/a./export?signed=perhaps'))[0]).toBe(400);
    expect((await raw('GET', `/v1/zones/${'x'.repeat(2_000)}`))[0]).toBeGreaterThanOrEqual(400);
    expect(await client.call('zone.list', {})).toEqual({ schema_version: 1, zones: [] });
  });

  it('is told apart from no server', async () => {
    const nobody = await failed(new ControlClient(place.at('none.sock')).call('zone.list', {}));
    expect(nobody).toMatchObject({ kind: 'UNREACHABLE', code: 'NOT_RUNNING' });
  });
});

describe('table of operations', () => {
  it('has words and a path for each operation, each once', () => {
    const rows = (Object.keys(OPERATIONS) as OperationName[]).map((name) => OPERATIONS[name]);
    const unique = (values: string[]) => expect(new Set(values).size).toBe(values.length);
    unique(rows.map(({ cli }) => cli));
    unique(rows.map(({ http: { method, path } }) => `${method} ${path}`));
    for (const { danger, http: route } of rows) {
      expect(route.method, route.path).toBe(danger === 'reads' ? 'GET' : 'POST');
    }
  });
});
