/** What the OPT record of a response says, and what is told in class CHAOS: the whole way from query to response. */
import { describe, expect, it } from 'vitest';
import { Responder } from '../../../src/answer/respond.ts';
import { RESPONDER_DEFAULTS, type ResponderOptions } from '../../../src/answer/settings.ts';
import { ZoneTable } from '../../../src/answer/zonetable.ts';
import { Counters } from '../../../src/base/counters.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { Peer, type Transport } from '../../../src/wire/peer.ts';
import { type Message, readMessage } from '../../support/message.ts';
import { imageOf, NOW, queryOctets, SEED, signedEpoch } from '../../support/served.ts';
import { wholeCookie } from '../../support/siphash.ts';
import { optRecord, queryMessage } from '../../support/wiretext.ts';

const SECRET = new Uint8Array(16).fill(9);
const CLIENT = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const LOOPBACK = Uint8Array.of(127, 0, 0, 1);
const ZONE = `$TTL 60
@ SOA ns hostmaster 1 3600 600 86400 60
@ NS ns
ns A 192.0.2.1
`;
const [NSID, COOKIE, KEEPALIVE, PADDING, EDE, REPORT] = [3, 10, 11, 12, 15, 18];
const NSID_OCTETS = Uint8Array.of(0x6e, 0x73, 0x31);
const AGENT = nameOf('agent.example.');
const NO_DATA = { answer: [], authority: [] };
const RCODE = { NOERROR: 0, FORMERR: 1, NOTIMP: 4, REFUSED: 5, BADVERS: 16, BADCOOKIE: 23 };

interface Ask {
  readonly transport?: Transport;
  readonly options?: readonly number[];
  readonly name?: string;
  readonly type?: number;
  readonly class?: number;
  readonly flags?: number;
  readonly payload?: number;
  readonly hasQuestion?: boolean;
  readonly version?: number;
}

const option = (code: number, ...value: readonly number[]): number[] => [0, code, 0, value.length, ...value];

function server(told: Partial<ResponderOptions> = {}) {
  const table = new ZoneTable();
  table.publish(1, signedEpoch('example.com.', imageOf('example.com.', ZONE)));
  const responder = new Responder(table, new Counters(), SEED, {
    ...RESPONDER_DEFAULTS,
    cookies: { secrets: [SECRET], isRequired: false },
    ...told,
  });
  const out = new Uint8Array(65_535).fill(0xee);
  const send = (query: Uint8Array, transport: Transport = 'udp') => {
    const peer = new Peer();
    peer.setOctets(transport, 4, LOOPBACK, 0, 4_000);
    const octets = responder.respond(query, query.length, peer, NOW, out);
    if (responder.lastFault !== null) throw responder.lastFault;
    return out.slice(0, octets);
  };
  const ask = (wish: Ask = {}): Message & { octets: number; options: [number, Uint8Array][] } => {
    const { hasQuestion = true, name = 'ns.example.com.', type = 1, payload = 1232, version = 0 } = wish;
    const rest = optRecord(payload, version, 0, [...(wish.options ?? [])]);
    const shape = hasQuestion ? { qname: nameOf(name), qtype: type, qclass: wish.class ?? 1 } : {};
    const counts: [number, number, number, number] = [hasQuestion ? 1 : 0, 0, 0, 1];
    const octets = send(queryMessage({ flags: wish.flags ?? 0, ...shape, counts, rest }), wish.transport);
    const message = readMessage(octets);
    return { ...message, octets: octets.length, options: optionsOf(message) };
  };
  return { ask, send };
}

function optionsOf(message: Message): [number, Uint8Array][] {
  const view = Buffer.from(message.additional.find(({ type }) => type === 41)?.rdata ?? []);
  const found: [number, Uint8Array][] = [];
  for (let at = 0; at < view.length; at += 4 + view.readUInt16BE(at + 2)) {
    const end = at + 4 + view.readUInt16BE(at + 2);
    found.push([view.readUInt16BE(at), new Uint8Array(view.subarray(at + 4, end))]);
  }
  return found;
}

const ALL: Partial<ResponderOptions> = {
  opt: { nsid: NSID_OCTETS, reportAgent: AGENT, keepalive: 100 },
};
const good = (): number[] => [...wholeCookie(SECRET, CLIENT, LOOPBACK, NOW - 60)];
const bad = (): number[] => [...CLIENT, ...new Array<number>(16).fill(7)];

describe('cookies in responses', () => {
  it('are given to a client that sends one, and to nobody else', () => {
    const { ask } = server();
    const { rcode, options, answer } = ask({ options: option(COOKIE!, ...CLIENT) });
    expect(rcode).toBe(RCODE.NOERROR);
    expect(answer).toHaveLength(1);
    expect(options).toEqual([[COOKIE, wholeCookie(SECRET, CLIENT, LOOPBACK, NOW)]]);
    expect(ask().options).toEqual([]);
  });

  it('are in errors too', () => {
    const { ask } = server();
    const options = option(COOKIE!, ...CLIENT);
    for (const wish of [{ name: 'elsewhere.example.' }, { type: 252 }, { type: 253 }, { class: 4 }]) {
      expect(ask({ ...wish, options }).options[0]).toEqual([
        COOKIE,
        wholeCookie(SECRET, CLIENT, LOOPBACK, NOW),
      ]);
    }
  });

  it('of no length that cookies have are FORMERR', () => {
    const reply = server().ask({ options: option(COOKIE!, 1, 2, 3) });
    expect(reply).toMatchObject({ rcode: RCODE.FORMERR, ...NO_DATA });
    expect(reply.options.map(([code]) => code)).toEqual([EDE]);
  });

  it('are answered alone if there is no question (RFC 7873 §5.4)', () => {
    const { ask, send } = server();
    const rcodeOf = (...cookie: number[]) =>
      ask({ hasQuestion: false, options: option(COOKIE!, ...cookie) }).rcode;
    expect(rcodeOf(...CLIENT)).toBe(RCODE.NOERROR);
    expect(rcodeOf(...good())).toBe(RCODE.NOERROR);
    expect(rcodeOf(...bad())).toBe(RCODE.BADCOOKIE);
    expect(ask({ hasQuestion: false }).rcode).toBe(RCODE.FORMERR);
    expect(readMessage(send(queryMessage({}))).rcode).toBe(RCODE.FORMERR);
  });

  it('are demanded over UDP, if so configured, of whoever knows them', () => {
    const { ask } = server({ cookies: { secrets: [SECRET], isRequired: true } });
    const rcodeOf = (cookie: readonly number[] | undefined, transport: Transport = 'udp') =>
      ask({ transport, options: cookie === undefined ? [] : option(COOKIE!, ...cookie) }).rcode;
    expect(rcodeOf([...CLIENT])).toBe(RCODE.BADCOOKIE);
    expect(rcodeOf(bad())).toBe(RCODE.BADCOOKIE);
    expect(rcodeOf(good())).toBe(RCODE.NOERROR);
    expect(rcodeOf(undefined)).toBe(RCODE.NOERROR);
    expect(rcodeOf([...CLIENT], 'tcp')).toBe(RCODE.NOERROR);
    expect(rcodeOf(bad(), 'tls')).toBe(RCODE.NOERROR);
  });

  it('are not known to a server without a secret', () => {
    const { ask } = server({ cookies: { secrets: [], isRequired: false } });
    expect(ask({ options: option(COOKIE!, ...bad()) })).toMatchObject({ rcode: 0, options: [] });
    expect(ask({ hasQuestion: false, options: option(COOKIE!, ...CLIENT) }).rcode).toBe(RCODE.FORMERR);
  });
});

describe('NSID', () => {
  it('is told to those who ask, if there is one', () => {
    const { ask } = server(ALL);
    expect(ask({ options: option(NSID!) }).options).toContainEqual([NSID, NSID_OCTETS]);
    expect(ask({ name: 'elsewhere.example.', options: option(NSID!) }).options).toContainEqual([
      NSID,
      NSID_OCTETS,
    ]);
    expect(ask().options.map(([code]) => code)).toEqual([REPORT]);
    expect(server().ask({ options: option(NSID!) }).options).toEqual([]);
  });
});

describe('keepalive', () => {
  it('is told over connections to those who ask', () => {
    const { ask } = server({ opt: { nsid: null, reportAgent: null, keepalive: 100 } });
    const options = option(KEEPALIVE!);
    expect(ask({ options }).options).toEqual([]);
    for (const transport of ['tcp', 'tls'] as const) {
      expect(ask({ options, transport }).options).toEqual([[KEEPALIVE, Uint8Array.of(0, 100)]]);
      expect(ask({ transport }).options).toEqual([]);
    }
  });
});

describe('padding', () => {
  it('fills blocks of 468 octets with zeros, over TLS only, and is the last option', () => {
    const { ask } = server(ALL);
    const options = [...option(PADDING!, 0, 0), ...option(NSID!), ...option(COOKIE!, ...CLIENT)];
    const reply = ask({ options, transport: 'tls' });
    expect(reply.octets).toBe(468);
    expect(reply.options.map(([code]) => code)).toEqual([COOKIE, NSID, REPORT, PADDING]);
    expect(reply.options.at(-1)![1].every((octet) => octet === 0)).toBe(true);
    expect(ask({ options, transport: 'tcp' }).options.map(([code]) => code)).not.toContain(PADDING);
    expect(ask({ transport: 'tls' }).options.map(([code]) => code)).toEqual([REPORT]);
  });

  it('keeps blocks whole for questions of every length', () => {
    const { ask } = server();
    const lengths = Array.from({ length: 60 }, (_, i) => `${'a'.repeat(i + 1)}.elsewhere.example.`);
    const sizes = lengths.map(
      (name) => ask({ name, options: option(PADDING!), transport: 'tls' }).octets % 468,
    );
    expect(new Set(sizes)).toEqual(new Set([0]));
  });
});

describe('Extended DNS Errors', () => {
  it.each<[string, Ask, number, number]>([
    ['a name of no zone', { name: 'elsewhere.example.' }, RCODE.REFUSED, 20],
    ['a transfer', { type: 252 }, RCODE.REFUSED, 18],
    ['a meta type', { type: 253 }, RCODE.FORMERR, 30],
    ['class CH', { class: 3, type: 16, name: 'version.bind.' }, RCODE.REFUSED, 20],
    ['class HS', { class: 4 }, RCODE.REFUSED, 21],
    ['another opcode', { flags: 2 << 11 }, RCODE.NOTIMP, 21],
  ])('explain the answer to %s', (_, wish, rcode, infoCode) => {
    const { ask } = server();
    const reply = ask(wish);
    expect(reply.rcode).toBe(rcode);
    const [code, value] = reply.options.at(-1)!;
    expect([code, (value[0]! << 8) | value[1]!]).toEqual([EDE, infoCode]);
  });

  it('are not in answers, nor where there is no OPT', () => {
    const { ask, send } = server();
    expect(ask().options).toEqual([]);
    const plain = readMessage(send(queryOctets('elsewhere.example.', 'A', { edns: false })));
    expect(plain).toMatchObject({ rcode: RCODE.REFUSED, additional: [] });
  });
});

describe('the agent for error reports (RFC 9567)', () => {
  it('is in all responses with OPT', () => {
    const { ask } = server(ALL);
    expect(ask().options).toEqual([[REPORT, AGENT]]);
    expect(ask({ name: 'elsewhere.example.' }).options).toContainEqual([REPORT, AGENT]);
  });
});

describe('class CHAOS', () => {
  const { ask } = server({ identity: { version: 'Keyturn', hostname: 'ns1' } });

  it.each([
    ['version.bind.', 'Keyturn'],
    ['VERSION.server.', 'Keyturn'],
    ['hostname.bind.', 'ns1'],
    ['id.server.', 'ns1'],
  ])('answers %s', (name, text) => {
    const reply = ask({ name, type: 16, class: 3 });
    expect(reply.rcode).toBe(RCODE.NOERROR);
    expect(reply.answer).toHaveLength(1);
    expect(reply.answer[0]).toMatchObject({ type: 16, ttl: 0 });
    expect(new TextDecoder().decode(reply.answer[0]!.rdata.subarray(1))).toBe(text);
  });

  it('refuses what it was not told to say', () => {
    expect(ask({ name: 'authors.bind.', type: 16, class: 3 }).rcode).toBe(RCODE.REFUSED);
    expect(ask({ name: 'version.bind.', type: 1, class: 3 }).rcode).toBe(RCODE.REFUSED);
    expect(server().ask({ name: 'version.bind.', type: 16, class: 3 }).rcode).toBe(RCODE.REFUSED);
  });
});

describe('room', () => {
  it('is left for what was asked for: an answer that does not fit beside it is truncated', () => {
    const { ask } = server({
      opt: { nsid: new Uint8Array(128).fill(65), reportAgent: AGENT, keepalive: 0 },
    });
    const name = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.elsewhere.example.`;
    const options = [...option(NSID!), ...option(COOKIE!, ...CLIENT)];
    const reply = ask({ name, payload: 512, options });
    expect(reply.octets).toBeLessThanOrEqual(512);
    expect(reply.options.map(([code]) => code).slice(0, 2)).toEqual([COOKIE, NSID]);
  });

  it('does not matter to what nobody asked for', () => {
    const agent = nameOf(`${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(50)}.`);
    const { ask } = server({ opt: { nsid: new Uint8Array(128), reportAgent: agent, keepalive: 0 } });
    const name = `${'x'.repeat(63)}.${'y'.repeat(63)}.elsewhere.example.`;
    const reply = ask({ name, payload: 512, options: option(NSID!) });
    expect(reply.octets).toBeLessThanOrEqual(512);
    expect(reply.options.map(([code]) => code)).toEqual([NSID, EDE]);
  });
});
