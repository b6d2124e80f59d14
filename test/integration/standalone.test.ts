/** What the build makes, by itself: without the sources, and without the packages that it was made of. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { CLI, foldersOf } from '../support/daemon.ts';
import { versionedZone } from '../support/daemon-watch.ts';
import { dig } from '../support/dig.ts';
import { describeWithPeers } from '../support/peers.ts';
import { freePort, run, ServerProcess, Workplace, waitUntil } from '../support/processes.ts';
import { ROOT_FOLDER } from '../support/sources.ts';
import { answers } from '../support/unbound.ts';

const ORIGIN = 'alone.example.';

describeWithPeers(['dig'], 'a copy of dist/ and package.json', () => {
  const workplace = new Workplace();
  let server: ServerProcess | undefined;
  afterAll(async () => {
    await server?.stop('SIGTERM', 15_000);
    workplace.remove();
  });

  it('serves a signed zone, does what it is told, and ends in peace', async () => {
    const cli = workplace.at('dist', 'cli.js');
    cpSync(dirname(CLI), workplace.at('dist'), { recursive: true });
    cpSync(join(ROOT_FOLDER, 'package.json'), workplace.at('package.json'));
    const { zones, keys, control } = foldersOf(workplace);
    for (const folder of [zones, keys]) mkdirSync(folder, { mode: 0o700 });
    writeFileSync(join(zones, `${ORIGIN}zone`), versionedZone(ORIGIN, 7, 5));
    const port = await freePort();
    const folders = ['--zones', zones, '--keys', keys, '--listen', `127.0.0.1:${port}`];
    server = new ServerProcess(process.execPath, [cli, 'serve', ...folders]);
    await waitUntil(() => answers(port), 'the copy answers', 30_000, server);

    const { answer } = await dig(port, ORIGIN, 'SOA', '+dnssec');
    expect(answer.map(({ type }) => type)).toEqual(['SOA', 'RRSIG']);
    const { stdout, stderr } = await run(process.execPath, [cli, '--control', control, 'zone', 'list']);
    expect(stdout, stderr).toMatch(/^alone\.example\. +ok served +7 /m);
    expect(await server.stop('SIGTERM', 15_000)).toMatchObject({ code: 0 });
  });
});
