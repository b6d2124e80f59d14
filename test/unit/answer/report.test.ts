/** Reports to us as the agent of error reporting (RFC 9567 §6.1.1), from the query to what the shell takes. */
import { describe, expect, it } from 'vitest';
import { Responder } from '../../../src/answer/respond.ts';
import { RESPONDER_DEFAULTS } from '../../../src/answer/settings.ts';
import { ZoneTable } from '../../../src/answer/zonetable.ts';
import { Counters } from '../../../src/base/counters.ts';
import { unixSeconds } from '../../../src/base/time.ts';
import { ErrorReports } from '../../../src/daemon/errorreports.ts';
import { EventRing } from '../../../src/ops/events.ts';
import { FLAG } from '../../../src/wire/header.ts';
import { RRTYPE } from '../../../src/wire/iana.ts';
import { formatName, nameOf } from '../../../src/wire/name.ts';
import { Peer, type Transport } from '../../../src/wire/peer.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { readMessage } from '../../support/message.ts';
import { imageOf, NOW, queryOctets, SEED, signedEpoch } from '../../support/served.ts';

const ZONE = `$TTL 60
@ SOA ns hostmaster 1 3600 600 86400 60
@ NS ns
ns A 192.0.2.1
*._er.agent TXT "report received"
`;

function ask(name: string, type = 'TXT', transport: Transport = 'tcp') {
  const table = new ZoneTable();
  table.publish(1, signedEpoch('example.com.', imageOf('example.com.', ZONE)));
  const opt = { nsid: null, reportAgent: nameOf('Agent.example.com.'), keepalive: 0 };
  const responder = new Responder(table, new Counters(), SEED, { ...RESPONDER_DEFAULTS, opt });
  const peer = new Peer();
  peer.setText(transport, 4, '127.0.0.1', 40_000);
  const out = new Uint8Array(65_535);
  const query = queryOctets(name, type);
  const message = readMessage(out.slice(0, responder.respond(query, query.length, peer, NOW, out)));
  const { lastReport } = responder;
  const report = lastReport === null ? null : { ...lastReport, name: formatName(lastReport.name) };
  return { message, report };
}

describe('a report', () => {
  it.each([
    ['_er.1.broken.test.7._er.agent.example.com.', { name: 'broken.test.', types: '1', infoCode: 7 }],
    ['_ER.28.Broken.TEST.7._eR.AGENT.example.com.', { name: 'broken.test.', types: '28', infoCode: 7 }],
    ['_er.1-28.a.b.c.0._er.agent.example.com.', { name: 'a.b.c.', types: '1-28', infoCode: 0 }],
    ['_er.2.22._er.agent.example.com.', { name: '.', types: '2', infoCode: 22 }],
  ])('%s is told, and answered by the zone', (name, wanted) => {
    const { message, report } = ask(name);
    expect(report).toEqual(wanted);
    expect(message.answer.map(({ type }) => type)).toEqual([RRTYPE.TXT]);
  });

  it('over UDP is sent to TCP, unless a cookie proves its source', () => {
    const { message, report } = ask('_er.1.broken.test.7._er.agent.example.com.', 'TXT', 'udp');
    expect(report).toBeNull();
    expect(message.flags & FLAG.TC).toBe(FLAG.TC);
    expect(message.answer).toEqual([]);
  });

  it.each([
    ['_er.1.broken.test.7._er.agent.example.com.', 'A'],
    ['_er.x.broken.test.7._er.agent.example.com.', 'TXT'],
    ['_er.1.broken.test.70000._er.agent.example.com.', 'TXT'],
    ['_er.1.broken.test.-._er.agent.example.com.', 'TXT'],
    ['_er.7._er.agent.example.com.', 'TXT'],
    ['1.broken.test.7._er.agent.example.com.', 'TXT'],
    ['_er.1.broken.test.7.agent.example.com.', 'TXT'],
    ['_er.1.broken.test.7._er.example.com.', 'TXT'],
  ])('is not %s %s', (name, type) => {
    expect(ask(name, type).report).toBeNull();
  });
});

describe('reports that are kept', () => {
  const report = (name: string, infoCode = 7) => ({ name: nameOf(name), types: '1', infoCode });

  it('are counted, found by zone, and an event when they are new', () => {
    const events = new EventRing(new ManualClock(1_000));
    const reports = new ErrorReports(events);
    for (const at of [10, 20]) reports.add(report('www.example.com.'), unixSeconds(at));
    reports.add(report('www.example.org.'), unixSeconds(30));
    expect(reports.below(nameOf('example.com.'))).toMatchObject([{ count: 2, firstAt: 10, lastAt: 20 }]);
    const told = events.after(0, 10).events.map(({ message }) => message);
    expect(told).toEqual([
      'a resolver reports that A of www.example.com. failed, extended error 7',
      'a resolver reports that A of www.example.org. failed, extended error 7',
    ]);
  });

  it('are bounded: what was not repeated for longest goes', () => {
    const reports = new ErrorReports(new EventRing(new ManualClock(1_000)));
    for (let i = 0; i < 1_000; i++) reports.add(report(`n${i}.example.com.`), unixSeconds(i));
    reports.add(report('n0.example.com.'), unixSeconds(2_000));
    reports.add(report('new.example.com.'), unixSeconds(2_001));
    const kept = reports.below(nameOf('example.com.')).map(({ name }) => formatName(name));
    expect(kept).toHaveLength(1_000);
    expect(kept.slice(-2)).toEqual(['n0.example.com.', 'new.example.com.']);
    expect(kept).not.toContain('n1.example.com.');
  });
});
