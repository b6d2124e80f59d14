/** Parameters of operations: what the table says of them is what a command line takes and a server checks. */
import { describe, expect, it } from 'vitest';
import { OperationError } from '../../../src/control/operation.ts';
import { OPERATION_NAMES, OPERATIONS } from '../../../src/control/operations.ts';
import { checkParams, commandWords, optionWord, parametersOf } from '../../../src/control/parameters.ts';

describe('parametersOf', () => {
  it('tells arguments from options, with their defaults', () => {
    const plan = parametersOf('rollover.plan').map(({ word, value, isRequired, isPositional, fallback }) => {
      return [word, value, isRequired, isPositional, fallback];
    });
    expect(plan).toEqual([
      ['ZONE', 'ZONE', true, true, undefined],
      ['--parent-delay', 'DURATION', false, false, undefined],
      ['--days', 'N', false, false, 400],
    ]);
  });

  it('knows flags, choices and values that may be left out', () => {
    const start = new Map(parametersOf('rollover.start').map((parameter) => [parameter.name, parameter]));
    expect(start.get('dryRun')).toMatchObject({ word: '--dry-run', value: null, fallback: false });
    expect(start.get('type')?.choices).toEqual(['zsk', 'ksk', 'csk', 'algorithm', 'scheme']);
    const confirm = parametersOf('rollover.confirm-ds').find(({ name }) => name === 'seen');
    expect(confirm).toMatchObject({ value: '[TAG]', isRequired: false });
  });

  it.each(OPERATION_NAMES)('has a help text for all that %s takes', (name) => {
    const { cli, http } = OPERATIONS[name];
    const parameters = parametersOf(name);
    for (const { help, word } of parameters) expect(help, word).not.toBe('');
    const standing = parameters.filter(({ isPositional }) => isPositional).length;
    expect(standing, cli).toBe(cli.split(' ').length - commandWords(name).length);
    const inPath = [...http.path.matchAll(/:(\w+)/g)].map(([, field]) => field);
    expect(parameters.map((parameter) => parameter.name)).toEqual(expect.arrayContaining(inPath));
  });
});

describe('checkParams', () => {
  const failure = (given: object) => {
    try {
      return checkParams('rollover.plan', given, optionWord);
    } catch (error) {
      if (error instanceof OperationError) return [error.kind, error.message];
      throw error;
    }
  };

  it('takes texts as they stand on a command line', () => {
    expect(checkParams('rollover.plan', { zone: 'a.', parentDelay: '1h', days: '7' })).toEqual({
      ...{ zone: 'a.', parentDelay: 3_600, days: 7 },
    });
    expect(checkParams('rollover.confirm-ds', { zone: 'a.', seen: '1', gone: true })).toMatchObject({
      ...{ seen: 1, gone: true, none: false },
    });
  });

  it('says what fits where the schema itself does not', () => {
    const seen = { zone: 'a.', seen: 'abc' };
    expect(() => checkParams('rollover.confirm-ds', seen, optionWord)).toThrow('--seen: this is no TAG');
    expect(() => checkParams('log.level', { level: 'loud' })).toThrow(
      'level: one of error, warn, info, debug, trace',
    );
  });

  it('names the option that is wrong, and what would be right', () => {
    const range = '--days: a whole number from 1 to 3650';
    expect(failure({ zone: 'a.', days: 'many' })).toEqual(['USAGE_WRONG', range]);
    expect(failure({ zone: 'a.', days: '0' })).toEqual(['USAGE_WRONG', range]);
    expect(failure({ zone: 'a.', parentDelay: '5q' })).toEqual([
      'USAGE_WRONG',
      '--parent-delay: a duration is written 300, 300s, 5m, 1h or 1d, and is less than 68 years',
    ]);
  });
});
