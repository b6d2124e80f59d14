/**
 * Some 220 messages, most of them odd, to us and three peers: each answer is judged by the RFC that is written beside
 * the message. The table in docs/conformance.md is what came out; UPDATE_GOLDEN=1 renews it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { brokenPart } from '../support/conformance-rules.ts';
import { SWEEP_CASES, type Swept, startOurs, startSwept, sweepServer } from '../support/conformance-sweep.ts';
import {
  formatSweep,
  type SweepRow,
  sweepOf,
  withoutPeers,
  withSweep,
} from '../support/conformance-table.ts';
import { describeWithPeers, getPeer } from '../support/peers.ts';
import { run, Workplace } from '../support/processes.ts';

const PAGE = new URL('../../docs/conformance.md', import.meta.url);

/** `named 9.18.49, nsd 4.6.1, knotd 3.2.6`, as the programs themselves say. */
async function peerVersions(): Promise<string> {
  const ask = [
    ['named', '-v'],
    ['nsd', '-v'],
    ['knotd', '--version'],
  ] as const;
  const told = ask.map(async ([peer, flag]) => {
    const { stdout, stderr } = await run(getPeer(peer), [flag]);
    return `${peer} ${/\d+\.\d+\.\d+/.exec(stdout + stderr)?.[0] ?? 'unknown'}`;
  });
  return (await Promise.all(told)).join(', ');
}

describeWithPeers(['named', 'nsd', 'knotd', 'dnssec-signzone', 'dnssec-keygen'], 'the sweep', () => {
  const workplace = new Workplace();
  let servers: Swept[] = [];
  let rows: SweepRow[] = [];
  // Ours once more, over `node:dgram`.
  const portablePlace = new Workplace();
  let portable: Swept | undefined;
  let toldByPortable: string[][] = [];

  beforeAll(async () => {
    [portable, servers] = await Promise.all([
      startOurs(portablePlace, ['--udp', 'dgram']),
      startSwept(workplace),
    ]);
    const told = await Promise.all([...servers, portable].map((server) => sweepServer(server, SWEEP_CASES)));
    toldByPortable = told.pop() ?? [];
    rows = SWEEP_CASES.map((one, index) => ({ one, told: told.map((ofServer) => ofServer[index]!) }));
  });

  afterAll(async () => {
    await Promise.all([...servers, portable].map((server) => server?.stop()));
    workplace.remove();
    portablePlace.remove();
  });

  it('names each message once', () => {
    const names = SWEEP_CASES.map(({ group, title }) => `${group}: ${title}`);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it('finds no answer of ours that breaks a rule', () => {
    const broken = rows.flatMap(({ one, told: [ours] }) => {
      const part = brokenPart(one.rule, ours!, true);
      return part === undefined
        ? []
        : [`${one.group}: ${one.title}: ${part} of ${one.because}: ${ours!.join(' ')}`];
    });
    expect(broken).toEqual([]);
  });

  it('is answered alike over either UDP transport', () => {
    const differing = rows.filter(({ told: [ours] }, i) => ours!.join(' ') !== toldByPortable[i]!.join(' '));
    expect(differing.map(({ one }) => `${one.group}: ${one.title}`)).toEqual([]);
    expect(toldByPortable).toHaveLength(SWEEP_CASES.length);
  });

  it('sees peers break rules, each of them', () => {
    const faults = servers.map((_, server) =>
      rows.filter(({ one, told }) => brokenPart(one.rule, told[server]!, false) !== undefined),
    );
    expect(faults.slice(1).map(({ length }) => length > 0)).toEqual([true, true, true]);
  });

  it('is the table in the documentation', async () => {
    const page = readFileSync(PAGE, 'utf8');
    const versions = await peerVersions();
    const made = formatSweep(rows, servers, versions);
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(PAGE, withSweep(page, made));
    const written = sweepOf(readFileSync(PAGE, 'utf8'));
    // Peers of another version may say something else; what we say may not change.
    const isSame = written.includes(`Peers: ${versions}.`);
    if (isSame) expect(made, 'UPDATE_GOLDEN=1 writes it').toBe(written);
    else expect(withoutPeers(made), 'UPDATE_GOLDEN=1 writes it').toBe(withoutPeers(written));
  });
});
