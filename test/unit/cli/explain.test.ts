import { describe, expect, it } from 'vitest';
import { explainCommand } from '../../../src/cli/explain.ts';
import { FAILURE, OperationError } from '../../../src/control/operation.ts';
import { capturedRunner } from '../../support/captured.ts';

function explained(code: string | undefined, isJson = false) {
  const { runner, out, err } = capturedRunner();
  explainCommand(code, isJson, runner.output);
  return { text: out.join('\n'), notes: err };
}

describe('explain CODE', () => {
  it('says meaning, cause, effect, fix and where to read on', () => {
    expect(explained('zone_cname_and_other').text.split('\n')).toEqual([
      expect.stringMatching(/^ZONE_CNAME_AND_OTHER: A name has a CNAME and other records/),
      expect.stringMatching(/^ {2}cause: {2}\S/),
      expect.stringMatching(/^ {2}effect: \S/),
      expect.stringMatching(/^ {2}fix: {4}\S/),
      '  more:   RFC 1034 §3.6.2',
    ]);
  });

  it('gives one object as JSON, with null where there is no RFC', () => {
    const { meaning, cause, effect, fix, ...rest } = JSON.parse(explained('KEY_MODE', true).text);
    expect(rest).toEqual({ schema_version: 1, code: 'KEY_MODE', rfc: null });
    for (const text of [meaning, cause, effect, fix]) expect(text).toMatch(/\S/);
  });

  it('names the nearest code for one that there is not, and exits with 4', () => {
    const attempt = () => explained('ROLLOVER_RUNING');
    expect(attempt).toThrow(OperationError);
    expect(attempt).toThrow('did you mean ROLLOVER_RUNNING?');
    expect(FAILURE.NO_SUCH_OBJECT.exit).toBe(4);
    expect(() => explained('qwertyuiop')).toThrow(/^no code is named "qwertyuiop"$/);
  });
});

describe('explain', () => {
  it('lists all codes by what they are about', () => {
    const { text, notes } = explained(undefined);
    expect(text).toMatch(/^ZONE FILES\n {2}ZONE_NOT_A_FILE +\S/);
    expect(text).toMatch(/^WHY A KEY WAITS\n/m);
    expect(text).toMatch(/^ {2}parent_ds +A DS is not known/m);
    expect(notes.join()).toContain('keyturn explain CODE');
  });

  it('lists them as JSON with their groups', () => {
    const { codes } = JSON.parse(explained(undefined, true).text);
    expect(codes.length).toBeGreaterThan(100);
    expect(codes).toContainEqual(
      expect.objectContaining({ group: 'alarms and health', code: 'CLOCK_STEPPED' }),
    );
  });
});
