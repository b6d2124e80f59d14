/** What a query is told from its question alone, by text: reports, names of class CHAOS, notifications, refusals. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { IdentityRecords } from '../../src/answer/identity.ts';
import { isChildNotification } from '../../src/answer/notification.ts';
import { refuse } from '../../src/answer/refusal.ts';
import { ReportReader } from '../../src/answer/report.ts';
import { CookieMaker } from '../../src/wire/cookie.ts';
import { OptRecord, SILENT_OPT } from '../../src/wire/edns-record.ts';
import { formatName, nameOf } from '../../src/wire/name.ts';
import { parseQuery, Query } from '../../src/wire/query.ts';
import { Writer } from '../../src/wire/writer.ts';
import { queryMessage } from '../support/wiretext.ts';

const AGENT = 'agent.example.';
const CHAOS = ['version.bind.', 'version.server.', 'hostname.bind.', 'id.server.'];

const cased = (text: string, isUpper: boolean) => (isUpper ? text.toUpperCase() : text);
const number = fc.oneof(
  fc.nat(70_000).map(String),
  fc.constantFrom('0', '65535', '65536', '00007', 'x', '1a', '', '1-28', '1--2'),
);
const label = fc.constantFrom('_er', '_ER', '_er2', 'a', 'broken', 'test');
/** Names like those that mean something: right ones, with a label more, less or another, below another agent. */
const reportName = fc
  .record({
    first: fc.constantFrom('_er.', '_eR.', '_er.', 'er.', ''),
    types: number,
    about: fc.array(label, { maxLength: 3 }),
    code: number,
    last: fc.constantFrom('_er.', '_Er.', '_er.', 'x_er.', ''),
    agent: fc.constantFrom(AGENT, AGENT, 'AGENT.example.', 'agent.test.', `x.${AGENT}`, 'example.'),
  })
  .map(({ first, types, about, code, last, agent }) => {
    const inside = [types, ...about, code].filter((part) => part !== '');
    return `${first}${inside.map((part) => `${part}.`).join('')}${last}${agent}`;
  });
const chaosName = fc
  .tuple(fc.constantFrom(...CHAOS, 'version.', 'bind.', 'a.id.server.', 'versio.bind.'), fc.boolean())
  .map(([text, isUpper]) => cased(text, isUpper));

const question = fc.record({
  name: fc.oneof(reportName, chaosName),
  type: fc.oneof(
    fc.constantFrom(1, 16, 16, 16, 41, 59, 60, 128, 249, 250, 251, 252, 253, 254, 255),
    fc.nat(0xffff),
  ),
  class: fc.constantFrom(1, 1, 3, 3, 254, 255, 2),
  opcode: fc.constantFrom(0, 0, 4, 4, 5),
});

function parsed({
  name,
  type,
  class: qclass,
  opcode,
}: {
  name: string;
  type: number;
  class: number;
  opcode: number;
}): Query {
  const query = new Query(1);
  const message = queryMessage({ qname: nameOf(name), qtype: type, qclass, flags: opcode * 2_048 });
  parseQuery(message, message.length, query);
  return query;
}

it('reports are told by a pattern of their text', () => {
  const reader = new ReportReader(nameOf(AGENT));
  const seen = new Set<string>();
  fc.assert(
    fc.property(reportName, fc.constantFrom(16, 16, 16, 1), (name, type) => {
      const query = parsed({ name, type, class: 1, opcode: 0 });
      const own = name.toLowerCase().match(/^_er\.(.*\.)_er\.agent\.example\.$/)?.[1];
      const labels = own?.split('.').slice(0, -1) ?? [];
      const isReport = type === 16 && labels.length >= 2;
      expect(reader.isReport(query), name).toBe(isReport);
      if (!isReport) {
        seen.add('none');
        return;
      }
      const [types, code] = [labels[0]!, labels.at(-1)!];
      const isGood = /^\d{1,5}(-\d{1,5})*$/.test(types) && /^\d{1,5}$/.test(code) && Number(code) < 65_536;
      seen.add(isGood ? 'good' : 'bad');
      const read = reader.read(query);
      const about = labels.slice(1, -1).map((part) => `${part}.`);
      if (!isGood) expect(read, name).toBeNull();
      else
        expect({ ...read, name: formatName(read!.name) }).toEqual({
          name: about.join('') || '.',
          types,
          infoCode: Number(code),
        });
    }),
    { numRuns: 2_000 },
  );
  expect(seen).toEqual(new Set(['none', 'good', 'bad']));
});

it('names of class CHAOS are told by a table', () => {
  const texts = fc.option(fc.string({ maxLength: 40 }), { freq: 3 });
  fc.assert(
    fc.property(question, texts, texts, (asked, version, hostname) => {
      const table = new Map<string, string | null>();
      for (const [i, name] of CHAOS.entries()) table.set(name, i < 2 ? version : hostname);
      const told =
        asked.class === 3 && [16, 255].includes(asked.type)
          ? (table.get(asked.name.toLowerCase()) ?? null)
          : null;
      const records = new IdentityRecords({ version, hostname });
      const index = records.find(parsed(asked));
      expect(index >= 0).toBe(told !== null);
      if (told === null) return;
      const writer = new Writer(new Uint8Array(400));
      records.put(writer, index);
      const text = [...new TextEncoder().encode(told)];
      const rdata = [text.length, ...text];
      expect([...writer.octets.subarray(0, writer.position)]).toEqual([
        ...[0xc0, 12, 0, 16, 0, 3, 0, 0, 0, 0, 0, rdata.length],
        ...rdata,
      ]);
    }),
    { numRuns: 2_000 },
  );
});

it('notifications and refusals are those of a table', () => {
  const [NOERROR, FORMERR, REFUSED] = [0, 1, 5];
  const opt = new OptRecord(SILENT_OPT, new CookieMaker([]));
  fc.assert(
    fc.property(question, (asked) => {
      const query = parsed(asked);
      expect(isChildNotification(query)).toBe(asked.opcode === 4 && asked.type === 59 && asked.class === 1);
      const isTransfer = [251, 252].includes(asked.type);
      // IANA: 128 to 255 are for questions alone, and OPT is no record of a zone; ANY has answers.
      const isMeta = asked.type === 41 || asked.type === 0 || (asked.type >= 128 && asked.type <= 254);
      const wanted = ![1, 255].includes(asked.class) || isTransfer ? REFUSED : isMeta ? FORMERR : NOERROR;
      expect(refuse(query, opt), `${asked.type}`).toBe(wanted);
    }),
    { numRuns: 2_000 },
  );
});
