/** The manual pages, as man and mandoc take them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeWithPeers, getPeer } from '../support/peers.ts';
import { run } from '../support/processes.ts';
import { ROOT_FOLDER } from '../support/sources.ts';

const FOLDER = join(ROOT_FOLDER, 'docs/man');
const PAGES = readdirSync(FOLDER);

describeWithPeers(['man', 'mandoc'], 'manual pages', () => {
  it.each(PAGES)('man shows %s without warnings', async (page) => {
    const shown = await run(getPeer('man'), [
      '--warnings',
      '-E',
      'UTF-8',
      '-P',
      'cat',
      '-l',
      join(FOLDER, page),
    ]);
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    const [, name, section] = /^(.*)\.(\d)$/.exec(page)!;
    const text = shown.stdout;
    expect(text.startsWith(`${name!.toUpperCase()}(${section})`)).toBe(true);
    expect(text).toMatch(new RegExp(`NAME\\n +${name} +-`));
    expect(text).toContain('SEE ALSO');
    // Nothing of the markup is left over.
    expect(text).not.toMatch(/\\f|^\.[A-Z]{2}\b|\\-|\\\(/m);
  });

  it.each(PAGES)('mandoc finds nothing in %s', async (page) => {
    expect(await run(getPeer('mandoc'), ['-Tlint', '-W', 'warning', join(FOLDER, page)])).toMatchObject({
      ...{ code: 0, stdout: '', stderr: '' },
    });
  });
});

describe('manual pages', () => {
  it('refer to pages that are there', () => {
    for (const page of PAGES) {
      const text = readFileSync(join(FOLDER, page), 'utf8').replaceAll('\\-', '-');
      const links = [...text.matchAll(/^\.BR (keyturn[\w.-]*) \((\d)\)/gm)].map(
        ([, name, at]) => `${name}.${at}`,
      );
      expect(PAGES).toEqual(expect.arrayContaining(links));
      expect(links.length, page).toBeGreaterThan(0);
    }
  });
});
