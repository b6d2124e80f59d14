/**
 * Malformed values of every parameter of every operation, generated from its schema: a command line ends with exit
 * code 2 and names the parameter, before any server is asked; over HTTP the answer is 400, and no handler is called.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPERATION_NAMES, OPERATIONS, type OperationName } from '../../../src/control/operations.ts';
import { commandWords, type Parameter, parametersOf } from '../../../src/control/parameters.ts';
import { ControlServer, type Handlers } from '../../../src/control/server.ts';
import { createLog } from '../../../src/ops/log.ts';
import { runCaptured } from '../../support/captured.ts';
import { malformedTexts, malformedValues, some } from '../../support/malformed.ts';
import { Workplace } from '../../support/processes.ts';
import { askSocket } from '../../support/socket-http.ts';

const ROWS = OPERATION_NAMES.flatMap((name) =>
  parametersOf(name).map((parameter) => [name, parameter.word, parameter] as const),
);
/** Flags take no value on a command line. */
const VALUED = ROWS.filter(([, , { value }]) => value !== null);

/** A good value of each other parameter that must be there. */
function others(name: OperationName, parameter: Parameter): Parameter[] {
  return parametersOf(name).filter((one) => one.name !== parameter.name && one.isRequired);
}

function goodValue({ choices, value }: Parameter): string {
  return choices?.[0] ?? (['TAG', 'N'].includes(value ?? '') ? '1' : 'good.example');
}

describe('on the command line', () => {
  /** The line that gives a parameter this value, its required fellows good ones. */
  function lineOf(name: OperationName, parameter: Parameter, text: string): string[] {
    const all = parametersOf(name);
    const given = new Map([...others(name, parameter).map((one) => [one.name, goodValue(one)] as const)]);
    given.set(parameter.name, text);
    const options = all.filter((one) => !one.isPositional && given.has(one.name));
    const standing = all.filter((one) => one.isPositional && given.has(one.name));
    return [
      ...commandWords(name),
      // As one word: a value that begins with a dash is a value here.
      ...options.map((one) => `${one.word}=${given.get(one.name)}`),
      '--',
      ...standing.map((one) => given.get(one.name)!),
    ];
  }

  it.each(VALUED)('%s %s', async (name, word, parameter) => {
    const texts = malformedTexts(name, parameter.name);
    expect(texts.length).toBeGreaterThan(2);
    for (const text of texts) {
      const { code, out, err } = await runCaptured(...lineOf(name, parameter, text));
      const shown = JSON.stringify(text).slice(0, 60);
      expect({ code, out }, `${shown}: ${err}`).toEqual({ code: 2, out: '' });
      expect(err.toLowerCase(), shown).toContain(word.toLowerCase());
      expect(err.length, shown).toBeLessThan(1_000);
      // A terminal must not be told to do things by what comes back.
      expect(
        [...err].filter((letter) => letter < ' ' && letter !== '\n'),
        shown,
      ).toEqual([]);
    }
  });
});

describe('over HTTP', () => {
  const place = new Workplace();
  const socket = place.at('control.sock');
  const called: string[] = [];
  const handlers = Object.fromEntries(
    OPERATION_NAMES.map((name) => [name, () => called.push(name)]),
  ) as unknown as Handlers;
  const server = new ControlServer(socket, handlers, createLog('fatal' as 'error', { isTerminal: false }));
  beforeAll(() => server.start());
  afterAll(async () => {
    await server.stop();
    place.remove();
  });

  /** A lone surrogate has no percent form, and the head of a request has its length. */
  function fitsUrl(text: unknown): text is string {
    return typeof text === 'string' && text.length < 10_000 && !/\p{Cs}/u.test(text);
  }

  /** The request that gives a parameter this value; undefined if HTTP cannot say it there. */
  function requestOf(name: OperationName, parameter: Parameter, value: unknown) {
    const { method, path } = OPERATIONS[name].http;
    const params = new Map<string, unknown>(others(name, parameter).map((one) => [one.name, goodValue(one)]));
    params.set(parameter.name, value);
    let isSayable = true;
    const filled = path.replace(/:(\w+)/g, (_, field: string) => {
      const text = params.get(field);
      params.delete(field);
      // A lone surrogate has no percent form, nothing at all is another path, and a URL has its length.
      isSayable &&=
        typeof text === 'string' && text !== '' && !/[\ud800-\udfff](?![\udc00-\udfff])/.test(text);
      isSayable &&= text !== '..' && String(text).length < 10_000;
      return isSayable ? encodeURIComponent(String(text)) : 'x';
    });
    if (!isSayable) return undefined;
    if (method === 'POST') return { method, path: filled, body: JSON.stringify(Object.fromEntries(params)) };
    if (![...params.values()].every(fitsUrl)) return undefined;
    const query = new URLSearchParams([...params] as [string, string][]).toString();
    return { method, path: query === '' ? filled : `${filled}?${query}`, body: undefined };
  }

  it.each(ROWS)('%s %s', async (name, _, parameter) => {
    const requests = malformedValues(name, parameter.name).flatMap((value) => {
      const request = requestOf(name, parameter, value);
      return request === undefined ? [] : [{ ...request, value }];
    });
    expect(requests.length).toBeGreaterThan(2);
    for (const { method, path, body, value } of some(requests, name + parameter.name)) {
      const { status, text } = await askSocket(socket, { method, path, body });
      const shown = `${JSON.stringify(value).slice(0, 60)}: ${text.slice(0, 200)}`;
      expect(status, shown).toBe(400);
      const { error } = JSON.parse(text) as { error: { kind: string } };
      expect(error.kind, shown).toBe('USAGE_WRONG');
    }
    expect(called).toEqual([]);
  });

  it.each(OPERATION_NAMES)('%s takes no parameter that it does not have', async (name) => {
    const parameters = parametersOf(name).filter(({ isRequired }) => isRequired);
    const params = new Map(parameters.map((one) => [one.name, goodValue(one)]));
    const { method } = OPERATIONS[name].http;
    const path = OPERATIONS[name].http.path.replace(/:(\w+)/g, (_, field: string) => params.get(field)!);
    const more = method === 'POST' ? '' : '?noSuchParameter=1';
    const body = method === 'POST' ? JSON.stringify({ noSuchParameter: 1 }) : undefined;
    expect(await askSocket(socket, { method, path: path + more, body })).toMatchObject({ status: 400 });
    const polluted =
      method === 'POST' ? '{"__proto__":{"zone":"a."},"constructor":{"prototype":1}}' : undefined;
    if (polluted !== undefined)
      expect((await askSocket(socket, { method, path, body: polluted })).status).toBe(400);
    expect(called).toEqual([]);
  });
});
