import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkFiles } from '../../../src/cli/check.ts';
import { Workplace } from '../../support/processes.ts';

const GOOD = '@ 300 IN SOA ns.test. admin.test. 1 7200 900 1209600 300\n@ 300 IN NS ns.test.\n';

let place: Workplace;
let lines: string[];
beforeEach(() => {
  place = new Workplace();
  lines = [];
});
afterEach(() => place.remove());

function check(
  name: string,
  text: string | undefined,
  options: { origin?: string; json?: boolean } = {},
): number {
  if (text !== undefined) fs.writeFileSync(place.at(name), text);
  const output = {
    isTerminal: false,
    hasColor: false,
    print: (line: string) => void lines.push(...line.split('\n')),
    note: (line: string) => void lines.push(line),
  };
  return checkFiles([place.at(name)], { origin: options.origin, json: options.json ?? false }, output);
}

describe('zone check', () => {
  it('accepts a good zone and says what it is', () => {
    expect(check('example.com.zone', GOOD)).toBe(0);
    expect(lines.at(-1)).toMatch(
      /example\.com\.zone: zone example\.com\. serial 1, 2 records: 0 errors, 0 warnings$/,
    );
  });

  it('shows every error with file, line, column and caret', () => {
    expect(check('example.com.zone', `${GOOD}www IN A 192.0.2.300\nw2 IN A x\n`)).toBe(1);
    const text = lines.join('\n');
    expect(text).toMatch(/example\.com\.zone:3:10: error: .*\n {4}www IN A 192\.0\.2\.300\n {13}\^/);
    expect(text).toMatch(/example\.com\.zone:4:9: error/);
    expect(lines.at(-1)).toMatch(/would not be served: 2 errors, 0 warnings$/);
  });

  it('takes the origin from the command line', () => {
    expect(check('db.example', GOOD)).toBe(1);
    expect(lines.join('\n')).toMatch(/--origin/);
    expect(check('db.example', GOOD, { origin: 'Example.ORG' })).toBe(0);
    expect(lines.at(-1)).toMatch(/zone example\.org\./);
    expect(check('db.example', GOOD, { origin: 'a..b' })).toBe(1);
  });

  it('refuses files that are none', () => {
    expect(check('a.zone', undefined)).toBe(1);
    expect(lines.join('\n')).toMatch(/ZONE_FILE_GONE/);
    expect(check('b.zone', '')).toBe(1);
    expect(lines.join('\n')).toMatch(/ZONE_EMPTY/);
    fs.mkdirSync(place.at('c.zone'));
    expect(check('c.zone', undefined)).toBe(1);
    expect(lines.join('\n')).toMatch(/ZONE_NOT_A_FILE/);
  });

  it('includes files beside the zone, and none from elsewhere', () => {
    fs.writeFileSync(place.at('more.inc'), 'www IN A 192.0.2.1\n');
    expect(check('a.zone', `${GOOD}$INCLUDE more.inc\n`)).toBe(0);
    expect(check('a.zone', `${GOOD}$INCLUDE /etc/hostname\n`)).toBe(1);
    expect(lines.join('\n')).toMatch(/outside of the zones directory/);
  });

  it('speaks JSON', () => {
    expect(check('a.zone', `${GOOD}x IN NOSUCHTYPE y\n`, { json: true })).toBe(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({
      schema_version: 1,
      ok: false,
      files: [{ zone: 'a.', serial: null, diagnostics: [{ severity: 'error', line: 3 }] }],
    });
  });
});
