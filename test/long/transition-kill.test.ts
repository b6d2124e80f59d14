/**
 * 200 real kills in the middle of transitions of every kind, and of the starts that follow them: what is on disk is
 * the old or the new state, what is served afterwards matches it and validates, rollovers go on with the deadlines
 * that they had, no key is lost and none is made (reliability.md I1–I3, I5, I6, I8). KEYTURN_TEST_KILLS: another number.
 */
import { afterAll, expect, it } from 'vitest';
import { CAREERS, KillFleet, type KillReport } from '../support/kill-fleet.ts';
import type { KillTarget } from '../support/kill-watch.ts';
import { REMNANTS } from '../support/kill-witness.ts';
import { describeWithPeers } from '../support/peers.ts';
import { wholeZoneFaults } from '../support/whole-zone.ts';
import { SeededRandom } from '../support/zones.ts';

const KILLS = Number(process.env.KEYTURN_TEST_KILLS ?? 200);
/** Each life begins with no keys, has its own zones and ends with all of them at rest. */
const LIVES = 5;
const CROWD = Object.keys(CAREERS);
/** Kills that follow upon each other without a start that was waited for. */
const RELAPSE = 0.25;
const RARE_KINDS = 5;

describeWithPeers(['delv', 'unbound', 'ldns-verify-zone', 'dnssec-verify'], 'a server that is killed', () => {
  const reports: KillReport[] = [];
  const totals = { orders: 0, continued: 0, compared: 0 };

  afterAll(() => {
    const { orders, continued, compared } = totals;
    console.info(
      `${reports.length} kills, ${orders} orders acknowledged, ${continued} rollovers that a start went on with, ` +
        `${compared} times a zone's answers were compared with its state\n${tableOf(reports)}`,
    );
  });

  for (let life = 1; life <= LIVES; life++) {
    it(`life ${life}`, { timeout: 1_200_000 }, async () => {
      const random = new SeededRandom(20_261_124 + life);
      const fleet = await KillFleet.create(`life ${life}`, CROWD, random);
      try {
        await live(fleet, random, reports);
        totals.orders += fleet.orders;
        totals.continued += fleet.continued;
        totals.compared += fleet.compared;
        await fleet.rest();
        expect(fleet.faults).toEqual([]);
        await expectWhole(fleet);
      } finally {
        await fleet.stop();
      }
    });
  }

  it('was killed at every kind of write', () => {
    const kinds = new Set(reports.map(({ kind }) => kind));
    const written = ['private key created', 'public key created', 'state replaced', 'audit log written'];
    for (const kind of [...written, 'temporary state created', 'staged private key written']) {
      expect(kinds, kind).toContain(kind);
    }
    for (const remnant of REMNANTS) {
      // A line is appended by one call; that a kill tears it is luck.
      if (remnant === 'torn audit line') continue;
      expect(
        reports.some(({ remnants }) => remnants.includes(remnant)),
        remnant,
      ).toBe(true);
    }
    expect(reports.length).toBeGreaterThanOrEqual(KILLS);
  });
});

/** A share of the kills: first starts, work, starts after kills. Kills that hit nothing do not count. */
async function live(fleet: KillFleet, random: SeededRandom, reports: KillReport[]): Promise<void> {
  const isHit = ({ kind }: KillReport) => kind !== undefined;
  const share = Math.ceil(KILLS / LIVES);
  for (let tries = 0; fleet.kills.filter(isHit).length < share && tries < 2 * share; tries++) {
    await fleet.kill(targetOf(fleet, [...reports, ...fleet.kills], random));
    if (random.next() >= RELAPSE || tries === 0) await fleet.restart();
  }
  if (!fleet.isRunning) await fleet.restart();
  reports.push(...fleet.kills.filter(isHit));
}

/** Mostly one of the kinds of events that were killed at least; else the n-th event, whatever it is. */
function targetOf(fleet: KillFleet, kills: readonly KillReport[], random: SeededRandom): KillTarget {
  const offsetMs = [0, 0, random.next(), random.next() * 8][random.below(4)]!;
  const otherwise = 1 + random.below(12);
  const countOf = (kind: string) => kills.filter((kill) => kill.kind === kind).length;
  const rare = [...fleet.eventKinds].sort((a, b) => countOf(a) - countOf(b)).slice(0, RARE_KINDS);
  if (rare.length === 0 || random.below(4) === 0) {
    return { kind: undefined, count: 1 + random.below(60), otherwise, offsetMs };
  }
  return { kind: random.pick(rare), count: 1 + random.below(3), otherwise, offsetMs };
}

/** Validators of whole zones and a resolver agree with what is served at rest. */
async function expectWhole(fleet: KillFleet): Promise<void> {
  for (const { name, file } of await fleet.exports()) {
    expect(await wholeZoneFaults(name, file)).toEqual([]);
  }
  expect(await fleet.resolve()).toEqual([]);
}

/** Event by event: how often a kill followed it, how often that was during a start, and what such kills left. */
function tableOf(reports: readonly KillReport[]): string {
  const kinds = [...new Set(reports.map(({ kind }) => kind ?? ''))].sort();
  const heads = ['killed upon', 'kills', 'starting', ...REMNANTS];
  const row = (title: string, some: readonly KillReport[]) => [
    title,
    `${some.length}`,
    `${some.filter(({ isStarting }) => isStarting).length}`,
    ...REMNANTS.map((remnant) => `${some.filter(({ remnants }) => remnants.includes(remnant)).length}`),
  ];
  const rows = kinds.map((kind) =>
    row(
      kind,
      reports.filter((report) => report.kind === kind),
    ),
  );
  const lines = [heads, heads.map(() => '---'), ...rows, row('all', reports)];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
