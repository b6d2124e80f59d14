/** What a running server answers, against the schemas in docs/reference/operations.json, by a validator of others. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleRequest } from '../../src/cli/reference.ts';
import { OPERATION_NAMES, OPERATIONS } from '../../src/control/operations.ts';
import { Daemon, foldersOf } from '../support/daemon.ts';
import { versionedZone } from '../support/daemon-watch.ts';
import { Workplace } from '../support/processes.ts';
import { askSocket } from '../support/socket-http.ts';
import { ROOT_FOLDER } from '../support/sources.ts';

const workplace = new Workplace();
let daemon: Daemon;
const document = JSON.parse(
  readFileSync(join(ROOT_FOLDER, 'docs/reference/operations.json'), 'utf8'),
) as object;
const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addSchema(document, 'operations');

beforeAll(async () => {
  daemon = await Daemon.start({
    workplace,
    zones: { 'example.com.zone': versionedZone('example.com.', 1, 5) },
  });
});
afterAll(async () => {
  await daemon?.stop();
  workplace.remove();
});

async function ask(
  method: string,
  path: string,
  body: string | undefined,
): Promise<{ status: number; value: unknown }> {
  const { status, text } = await askSocket(foldersOf(workplace).control, { method, path, body });
  return { status, value: JSON.parse(text) };
}

/** What is wrong with a value; empty if it is as its schema says. */
function faultsOf(definition: string, value: unknown): unknown[] {
  const check = ajv.getSchema(`operations#/$defs/${definition}`);
  if (check === undefined) throw new Error(`there is no schema ${definition}`);
  check(value);
  return [...(check.errors ?? [])];
}

const READING = OPERATION_NAMES.filter(
  (name) => OPERATIONS[name].danger === 'reads' && OPERATIONS[name].result !== null,
);

describe('replies', () => {
  it.each(READING)('%s is as its schema says', async (name) => {
    const { method, path, body } = sampleRequest(name);
    const { status, value } = await ask(method, path, body);
    expect(faultsOf(status === 200 ? `${name}.result` : 'error', value)).toEqual([]);
    // Only what is named in the request may be missing, and nothing may be wrong with the request; who reads of a parent
    // is told that nobody looks at it here.
    const isUnlooked = status === 409 && JSON.stringify(value).includes('PARENT_NOT_WATCHED');
    expect(isUnlooked ? 200 : status).toSatisfy((known: number) => known === 200 || known === 404);
  });

  it('of a rollover from its start to its cancel are as their schemas say', async () => {
    const zone = '/v1/zones/example.com/rollover';
    const steps = [
      ['rollover.confirm-ds.result', 'POST', `${zone}/confirm-ds`, '{"none":true}'],
      ['rollover.start.result', 'POST', zone, '{"type":"csk","dryRun":true}'],
      ['rollover.start.result', 'POST', zone, '{"type":"csk"}'],
      ['error', 'POST', zone, '{"type":"csk"}'],
      ['rollover.status.result', 'GET', zone, undefined],
      ['rollover.plan.result', 'GET', `${zone}/plan`, undefined],
      ['rollover.list.result', 'GET', '/v1/rollovers', undefined],
      ['zone.show.result', 'GET', '/v1/zones/example.com', undefined],
      ['rollover.cancel.result', 'POST', `${zone}/cancel`, '{}'],
      ['rollover.history.result', 'GET', '/v1/zones/example.com/history', undefined],
    ] as const;
    for (const [definition, method, path, body] of steps) {
      const { status, value } = await ask(method, path, body);
      expect([definition, faultsOf(definition, value)]).toEqual([definition, []]);
      expect(status === 200, JSON.stringify(value)).toBe(definition !== 'error');
    }
  });

  it('are not as the schema of another operation says', async () => {
    const { value } = await ask('GET', '/v1/status', undefined);
    expect(faultsOf('zone.list.result', value)).not.toEqual([]);
    expect(faultsOf('error', value)).not.toEqual([]);
  });
});
