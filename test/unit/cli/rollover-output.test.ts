/** What people read of rollovers: steps, waits, needs, plans, history. */
import { describe, expect, it } from 'vitest';
import type { Output } from '../../../src/cli/output.ts';
import {
  printChange,
  printHistory,
  printPlan,
  printRollover,
  printRollovers,
} from '../../../src/cli/rollover-output.ts';
import type { RolloverChange, RolloverPlan, RolloverStatus } from '../../../src/control/shapes.ts';

function capture(isTerminal = false): Output & { out: string[]; err: string[] } {
  const out: string[] = [];
  const err: string[] = [];
  const print = (line: string) => void out.push(...line.split('\n'));
  return { isTerminal, hasColor: false, print, note: (line) => void err.push(line), out, err };
}

const ZONE = 'example.com.';
const AT = '2026-11-24T12:00:00Z';
const LATER = '2026-11-25T12:00:00Z';
const OLD = {
  ...{ id: 'a', tag: 11, algorithm: 13, flags: 257, roles: ['key-signing', 'zone-signing'] },
  ...{ goal: 'OUT' as const, dnskey: 'omnipresent', krrsig: 'rumoured' },
  ...{ zrrsig: 'rumoured', ds: 'rumoured' },
};
const NEW = { ...OLD, id: 'b', tag: 22, goal: 'IN' as const, zrrsig: 'hidden', ds: 'rumoured' };
const WAIT = {
  ...{ tag: 22, record: 'ds', to: 'omnipresent', reason: 'parent_ds', until: null },
  because: 'every server of the parent must be seen with its DS',
};
const STATUS: RolloverStatus = {
  zone: ZONE,
  rollover: {
    ...{ id: 'r', type: 'csk', method: 'additive', emergency: null, step: 'request' },
    steps: ['publish', 'request', 'soak'],
    ...{ startedAt: AT, stepSince: LATER, cancelledAt: null, stalled: false },
    ...{ incoming: [22], outgoing: [11], waiting: [WAIT] },
  },
  overlapping: null,
  delegation: 'secure',
  goal: 'secure',
  pausedSince: null,
  keys: [OLD, NEW],
  waiting: [WAIT],
  parent: [],
  needs: [{ zone: ZONE, what: 'DS of key 22 to be confirmed', command: 'keyturn rollover confirm-ds x' }],
  nextAt: LATER,
};

describe('rollover status', () => {
  it('shows what is done, what is waited for, and who must act', () => {
    const output = capture();
    printRollover(output, STATUS);
    expect(output.out).toEqual([
      `${ZONE}  csk rollover 11 -> 22 (additive), started ${AT}, step 2 of 3`,
      '  ok 1 publish    new DNSKEY in all caches',
      `  >  2 request    new DS at the parent, waiting since ${LATER}`,
      '        key 22 ds -> omnipresent: every server of the parent must be seen with its DS',
      '     3 soak       new DS in all caches',
      '  key 11 (key-signing, zone-signing, goes): dnskey omnipresent, krrsig rumoured, zrrsig rumoured, ds rumoured',
      '  key 22 (key-signing, zone-signing, stays): dnskey omnipresent, krrsig rumoured, zrrsig hidden, ds rumoured',
      `  warn ${ZONE} needs you: DS of key 22 to be confirmed:`,
      '      keyturn rollover confirm-ds x',
      `  next check at ${LATER}`,
      `  to stop: keyturn rollover cancel ${ZONE}`,
    ]);
  });

  it('has symbols on a terminal, and says when it is being undone or stalled', () => {
    const output = capture(true);
    const rollover = { ...STATUS.rollover!, cancelledAt: LATER, stalled: true };
    printRollover(output, { ...STATUS, rollover });
    const text = output.out.join('\n');
    expect(text).toMatch(/11 → 22/);
    expect(text).toMatch(/✓ {2}1 publish.*\n.*▶ {2}2 request/);
    expect(text).toMatch(new RegExp(`! cancelled ${LATER}; it is being undone`));
    expect(text).toMatch(/! stalled: the parent has not acted for long/);
    expect(text).not.toMatch(/to stop/);
  });

  it('tells of a zone at rest, and of keys that are gone', () => {
    const output = capture();
    const gone = { ...OLD, dnskey: 'hidden', krrsig: 'hidden', zrrsig: 'hidden', ds: 'hidden' };
    const rest = { rollover: null, delegation: 'none' as const, needs: [], waiting: [], nextAt: null };
    printRollover(output, { ...STATUS, ...rest, keys: [gone] });
    expect(output.out).toEqual([
      `${ZONE}  no rollover; the parent has no DS of the zone`,
      '  key 11 (key-signing, zone-signing) is gone from all caches; its files are kept for a while',
    ]);
  });
});

const PLAN: RolloverPlan = {
  zone: ZONE,
  parentDelay: 3_600,
  rows: [
    {
      ...{ at: AT, step: 'csk: publish', dnskey: ['CSK 11', 'new CSK'], signers: ['CSK 11', 'new CSK'] },
      ...{ zoneSigners: ['CSK 11'], cds: ['CSK 11'], ds: ['CSK 11'], waitingFor: ['the TTL'] },
    },
    {
      ...{ at: LATER, step: null, dnskey: ['new CSK'], signers: ['new CSK'], zoneSigners: ['new CSK'] },
      ...{ cds: ['delete'], ds: [], waitingFor: ['the TTL'] },
    },
  ],
  doneAt: LATER,
  forecast: [{ property: 'P1', from: AT, until: LATER, message: 'may be bogus for 1d' }],
};

describe('plan', () => {
  it('is a table with dates, each wait told once, and what would break', () => {
    const output = capture();
    printPlan(output, PLAN);
    expect(output.out[0]).toMatch(/^AT +STEP +DNSKEY +SIGNED BY +ZONE SIGNED BY +CDS +DS$/);
    expect(output.out[2]).toMatch(/^2026-11-25T12:00:00Z +- +new CSK +new CSK +new CSK +delete +-$/);
    expect(output.out.filter((line) => line.includes('the TTL'))).toEqual([`  from ${AT}: the TTL`]);
    expect(output.out.at(-1)).toBe(`error from ${AT}: may be bogus for 1d`);
  });
});

describe('what an order did', () => {
  it('is told with what follows and what to type next', () => {
    const output = capture();
    const change: RolloverChange = {
      ...STATUS,
      ...{ changed: ['made CSK 22'], next: ['csk rollover, step request'], command: 'keyturn x', plan: null },
    };
    printChange(output, change);
    expect(output.out).toEqual([
      'ok made CSK 22',
      '  then: csk rollover, step request',
      '  warn needs you: DS of key 22 to be confirmed',
      '  next: keyturn x',
    ]);
  });
});

const WHOLE = { torn: 0, brokenAt: null };

describe('list and history', () => {
  it('say if the trail was changed, or is torn', () => {
    const output = capture();
    const entries = [{ at: AT, generation: 1, kind: 'order', order: 'rollover cancel' }];
    printHistory(output, { zone: ZONE, trail: { torn: 2, brokenAt: AT }, entries });
    expect(output.err[0]).toMatch(/^error the audit trail of .* was changed by hand/);
    expect(output.err[1]).toMatch(/^2 lines of the trail are not whole/);
    expect(output.out).toEqual([`${AT} order rollover cancel`]);
  });

  it('are empty in words', () => {
    const output = capture();
    printRollovers(output, { rollovers: [] });
    printHistory(output, { zone: ZONE, trail: WHOLE, entries: [] });
    expect(output.out).toEqual([]);
    expect(output.err).toEqual(['no rollover is running', `nothing is written down of the keys of ${ZONE}`]);
  });

  it('tell edges, rollovers, orders and ends of keys', () => {
    const output = capture();
    const entry = { at: AT, generation: 1 };
    const edge = { record: 'ds', from: 'hidden', to: 'rumoured', because: 'it is asked for' };
    const step = { event: 'step', type: 'csk', step: 'soak', because: 'request is over' };
    const entries = [
      { ...entry, kind: 'order', order: 'rollover start', by: 'operator', type: 'csk' },
      { ...entry, kind: 'order', order: 'confirm-ds seen', keyId: 'a-b-c', tag: 22, ttl: null, who: 'uid 0' },
      { ...entry, kind: 'edge', tag: 22, ...edge },
      { ...entry, kind: 'rollover', ...step },
      { ...entry, kind: 'purge', tag: 11 },
    ];
    printHistory(output, { zone: ZONE, trail: WHOLE, entries });
    expect(output.out).toEqual([
      `${AT} order rollover start by operator type csk`,
      `${AT} order confirm-ds seen key 22 who uid 0`,
      `${AT} key 22 ds hidden -> rumoured: it is asked for`,
      `${AT} csk rollover step, step soak: request is over`,
      `${AT} key 11: its private half was destroyed`,
    ]);
  });
});
