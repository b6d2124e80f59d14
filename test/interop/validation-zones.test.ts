/**
 * The example zones are good zones: servers of others load them without a word, Keyturn's own check as well, and
 * they use names and addresses that are reserved for documentation only (RFC 2606, 5737, 3849).
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { CLI } from '../support/daemon.ts';
import { describeWithPeers, getPeer } from '../support/peers.ts';
import { run, runOk, Workplace } from '../support/processes.ts';
import { ROOT_FOLDER, readSource } from '../support/sources.ts';

const FILES = readdirSync(join(ROOT_FOLDER, 'zones')).filter((name) => name.endsWith('.zone'));
const RESERVED_NAMES =
  /(^|\.)(example|example\.(com|net|org)|2\.0\.192\.in-addr\.arpa|8\.b\.d\.0\.1\.0\.0\.2\.ip6\.arpa)\.$/;
const RESERVED_IPV4 = /^(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+$/;

/** One row a record, as BIND prints it. */
function flatten(file: string): Promise<string> {
  const args = [
    '-q',
    '-i',
    'none',
    '-s',
    'full',
    '-o',
    '-',
    file.replace(/\.zone$/, ''),
    join(ROOT_FOLDER, 'zones', file),
  ];
  return runOk(getPeer('named-compilezone'), args);
}

describeWithPeers(
  ['named-checkzone', 'named-compilezone', 'nsd-checkzone', 'knotc'],
  'the example zones',
  () => {
    const workplace = new Workplace();
    afterAll(() => workplace.remove());

    it.each(FILES)('%s is accepted by BIND and NSD', async (file) => {
      const origin = file.replace(/\.zone$/, '');
      const bind = await run(getPeer('named-checkzone'), [
        '-i',
        'local',
        origin,
        join(ROOT_FOLDER, 'zones', file),
      ]);
      expect(bind.stdout).toMatch(/^zone \S+: loaded serial \d+\nOK\n$/);
      const flat = workplace.at(`${origin}.flat`);
      writeFileSync(flat, await flatten(file), 'latin1');
      const nsd = await run(getPeer('nsd-checkzone'), [origin, flat]);
      expect(nsd.stdout + nsd.stderr).toBe(`zone ${origin} is ok\n`);
    });

    it.each(FILES)('%s is accepted by Knot', async (file) => {
      const origin = file.replace(/\.zone$/, '');
      // Knot has no $GENERATE; the other lines are the file's own.
      const rows = readSource(`zones/${file}`)
        .text.split('\n')
        .filter((row) => !row.startsWith('$GENERATE'));
      writeFileSync(workplace.at(`${origin}.knot`), rows.join('\n'));
      const folder = workplace.at(`${origin}.rundir`);
      mkdirSync(folder);
      const zone = `zone:\n  - domain: ${origin}\n    file: ${workplace.at(`${origin}.knot`)}\n`;
      const config = workplace.at(`${origin}.conf`);
      writeFileSync(config, `server:\n  rundir: ${folder}\ndatabase:\n  storage: ${folder}\n${zone}`);
      const knot = await run(getPeer('knotc'), ['-c', config, 'zone-check']);
      expect({ code: knot.code, text: knot.stdout + knot.stderr }).toEqual({ code: 0, text: '' });
    });

    it.each(FILES)('%s has neither errors nor warnings for keyturn zone check', async (file) => {
      const check = await run(process.execPath, [CLI, 'zone', 'check', join(ROOT_FOLDER, 'zones', file)]);
      expect(check.code, check.stdout + check.stderr).toBe(0);
      expect(check.stdout + check.stderr).not.toMatch(/warning:/);
    });

    it.each(FILES)('%s uses reserved names and addresses only', async (file) => {
      const strangers = (await flatten(file)).split('\n').filter((row) => {
        const [owner, , , type, ...rdata] = row.split(/\s+/) as [string, string, string, string, ...string[]];
        if (row === '') return false;
        if (type === 'A' && !RESERVED_IPV4.test(rdata[0] as string)) return true;
        if (type === 'AAAA' && !(rdata[0] as string).startsWith('2001:db8:')) return true;
        const names = ['NS', 'CNAME', 'DNAME', 'PTR', 'MX', 'SRV'].includes(type)
          ? [owner, rdata.at(-1)]
          : [owner];
        return names.some((name) => name !== '.' && !RESERVED_NAMES.test(name as string));
      });
      expect(strangers).toEqual([]);
    });
  },
);
