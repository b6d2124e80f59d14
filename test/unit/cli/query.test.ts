import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { type DecodedPacket, decode, encode, type Packet } from 'dns-packet';
import { afterEach, describe, expect, it } from 'vitest';
import { questionOf } from '../../../src/cli/query.ts';
import { optionsOf } from '../../../src/cli/query-flags.ts';
import { encodeQuery } from '../../../src/cli/query-message.ts';
import { OperationError } from '../../../src/control/operation.ts';
import { RRTYPE } from '../../../src/wire/iana.ts';
import { formatName, nameOf } from '../../../src/wire/name.ts';
import { runCaptured } from '../../support/captured.ts';

type Handler = (query: DecodedPacket, octets: Buffer) => readonly Buffer[];

/** A server over UDP and TCP on one port; each side answers with what its handler gives. */
class Responder {
  readonly #udp = dgram.createSocket('udp4');
  readonly #tcp: net.Server;
  readonly asked: string[] = [];
  port = 0;

  constructor(udp: Handler, tcp: Handler = () => []) {
    this.#udp.on('message', (octets, { port }) => {
      this.asked.push('udp');
      for (const reply of udp(decode(octets), octets)) this.#udp.send(reply, port, '127.0.0.1');
    });
    this.#tcp = net.createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.once('data', (framed) => {
        this.asked.push('tcp');
        const octets = framed.subarray(2);
        for (const reply of tcp(decode(octets), octets)) {
          const length = Buffer.alloc(2);
          length.writeUInt16BE(reply.length, 0);
          // In two parts, as a network may deliver it.
          socket.write(Buffer.concat([length, reply.subarray(0, 5)]));
          setTimeout(() => socket.end(reply.subarray(5)), 5);
        }
        if (tcp(decode(octets), octets).length === 0) socket.end();
      });
    });
  }

  async start(): Promise<this> {
    this.#tcp.listen(0, '127.0.0.1');
    await once(this.#tcp, 'listening');
    this.port = (this.#tcp.address() as net.AddressInfo).port;
    this.#udp.bind(this.port, '127.0.0.1');
    await once(this.#udp, 'listening');
    return this;
  }

  close(): void {
    this.#udp.close();
    this.#tcp.close();
  }
}

let responder: Responder | undefined;
afterEach(() => {
  responder?.close();
  responder = undefined;
});

async function query(udp: Handler, words: readonly string[], tcp?: Handler) {
  responder = await new Responder(udp, tcp).start();
  const result = await runCaptured('query', ...words, '@127.0.0.1', '-p', String(responder.port));
  return { ...result, asked: responder.asked };
}

function respond(query: DecodedPacket, more: Partial<Packet>): Buffer {
  return encode({ type: 'response', id: query.id!, questions: query.questions!, ...more });
}

const ADDRESS: Packet['answers'] = [{ type: 'A', name: 'www.example.com', ttl: 60, data: '192.0.2.1' }];
const good: Handler = (asked) => [respond(asked, { flags: 0x0400, answers: ADDRESS })];

describe('query', () => {
  it('asks over UDP, and shows header, question, sections and where the answer is from', async () => {
    const { code, out, err, asked } = await query(good, ['www.example.com']);
    expect({ code, err, asked }).toEqual({ code: 0, err: '', asked: ['udp'] });
    expect(out).toMatch(/^;; NOERROR, id \d+, flags qr aa\n\n;; QUESTION\n;www\.example\.com\. IN A\n/);
    expect(out).toMatch(/\n;; ANSWER\nwww\.example\.com\. 60 +IN A +192\.0\.2\.1\n/);
    expect(out).toMatch(/\n;; \d+ octets from 127\.0\.0\.1:\d+ over UDP, in \d+\.\d ms$/);
  });

  it('is one object as JSON', async () => {
    const { out } = await query(good, ['www.example.com', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      ...{
        schema_version: 1,
        rcode: 'NOERROR',
        rcodeNumber: 0,
        flags: ['qr', 'aa'],
        transport: 'udp',
        edns: null,
      },
      question: { name: 'www.example.com.', class: 'IN', type: 'A' },
      answer: [{ name: 'www.example.com.', ttl: 60, class: 'IN', type: 'A', data: '192.0.2.1' }],
      ...{ authority: [], additional: [], retriedOverTcp: false },
    });
  });

  it('prints the data alone with --short', async () => {
    expect((await query(good, ['www.example.com', '--short'])).out).toBe('192.0.2.1');
  });

  it('asks again over TCP for an answer that did not fit', async () => {
    const short: Handler = (asked) => [respond(asked, { flags: 0x0200 })];
    const { out, asked } = await query(short, ['www.example.com'], good);
    expect(asked).toEqual(['udp', 'tcp']);
    expect(out).toContain('192.0.2.1');
    expect(out).toMatch(/over TCP, for the answer did not fit into UDP, in/);
  });

  it('asks over TCP at once with --tcp', async () => {
    expect((await query(() => [], ['www.example.com', '--tcp'], good)).asked).toEqual(['tcp']);
  });

  it('sends EDNS, and DO and RD where asked for', async () => {
    const seen: DecodedPacket[] = [];
    const look: Handler = (asked) => {
      seen.push(asked);
      return good(asked, Buffer.alloc(0));
    };
    await query(look, ['www.example.com', 'AAAA']);
    responder?.close();
    await query(look, ['www.example.com', 'TYPE65280', '--dnssec', '--recurse']);
    expect(seen.map(({ flag_rd }) => flag_rd)).toEqual([false, true]);
    const options = seen.flatMap(({ additionals }) => additionals!);
    expect(options).toMatchObject([
      { type: 'OPT', udpPayloadSize: 1232, flag_do: false },
      { type: 'OPT', udpPayloadSize: 1232, flag_do: true },
    ]);
    expect(seen.map(({ questions }) => questions![0]!.type)).toEqual(['AAAA', 'UNKNOWN_65280']);
  });

  it('takes no answer of another query', async () => {
    const forged: Handler = (asked) => [
      respond({ ...asked, id: (asked.id! + 1) % 65_536 }, { answers: ADDRESS }),
      respond({ ...asked, questions: [{ type: 'A', name: 'other.example' }] }, { answers: ADDRESS }),
      encode({ type: 'query', id: asked.id!, questions: asked.questions! }),
      Buffer.from([1]),
      respond(asked, { flags: 3 }),
    ];
    const { out, code } = await query(forged, ['www.example.com']);
    expect(out).toMatch(/^;; NXDOMAIN/);
    expect(code).toBe(0);
  });

  it('tells extended errors and exits with 1 if the server failed', async () => {
    const failing: Handler = (asked) => {
      const plain = respond(asked, { flags: 2 });
      const text = Buffer.from('why\u001b[31m');
      const option = Buffer.concat([Buffer.from([0, 15, 0, 2 + text.length, 0, 9]), text]);
      const opt = Buffer.concat([Buffer.from([0, 0, 41, 4, 208, 0, 0, 0x80, 0, 0, option.length]), option]);
      plain.writeUInt16BE(1, 10);
      return [Buffer.concat([plain, opt])];
    };
    const { out, code } = await query(failing, ['www.example.com']);
    expect(code).toBe(1);
    expect(out).toMatch(/^;; SERVFAIL.*\n;; EDNS version 0, flag do, UDP payload 1232\n/);
    expect(out).toContain('\n;; EDNS extended error 9 (DNSKEY Missing): why?[31m');
  });

  it('asks once more with the cookie that the server wants to see', async () => {
    const cookies: string[] = [];
    const strict: Handler = (asked, octets) => {
      const cookie = /000a(?:0008|0010)([0-9a-f]+)$/.exec(octets.toString('hex'))![1]!;
      cookies.push(cookie);
      const own = Buffer.from(`${cookie.slice(0, 16)}0123456789abcdef`, 'hex');
      const option = Buffer.concat([Buffer.from([0, 10, 0, 16]), own]);
      const isKnown = cookie.length === 32;
      // BADCOOKIE is 23: 7 in the header, 1 in OPT.
      const opt = Buffer.from([0, 0, 41, 4, 208, isKnown ? 0 : 1, 0, 0, 0, 0, option.length]);
      const plain = respond(asked, isKnown ? { answers: ADDRESS } : { flags: 7 });
      plain.writeUInt16BE(1, 10);
      return [Buffer.concat([plain, opt, option])];
    };
    const { out, code } = await query(strict, ['www.example.com', '--cookie']);
    expect(code).toBe(0);
    expect(cookies).toEqual([cookies[0], `${cookies[0]}0123456789abcdef`]);
    expect(out).toContain(`;; EDNS cookie: ${cookies[0]} 0123456789abcdef\n`);
  });

  it('says that no answer came, with exit code 3', async () => {
    const { code, err, asked, out } = await query(
      () => [],
      ['www.example.com', '--timeout', '1s', '--tries', '2'],
    );
    expect({ code, out, asked }).toEqual({ code: 3, out: '', asked: ['udp', 'udp'] });
    expect(err).toMatch(/error\[NO_ANSWER\]: 127\.0\.0\.1 port \d+: no answer within 1 s, asked 2 times/);
  });

  it('says that nobody listens', async () => {
    responder = await new Responder(() => []).start();
    const { port } = responder;
    responder.close();
    responder = undefined;
    for (const how of [[], ['--tcp']]) {
      const { code, err } = await runCaptured('query', 'a.example', '@127.0.0.1', '-p', String(port), ...how);
      expect(code).toBe(3);
      expect(err).toContain('nobody listens there');
    }
  });

  it('says that a server closed without an answer, or answered nonsense', async () => {
    expect((await query(() => [], ['a.example', '--tcp'])).err).toContain(
      'closed the connection without an answer',
    );
    responder?.close();
    const cut: Handler = (asked) => [respond(asked, { answers: ADDRESS }).subarray(0, -3)];
    const { code, err } = await query(cut, ['www.example.com']);
    expect(code).toBe(1);
    expect(err).toContain('ANSWER_MALFORMED');
  });
});

describe('the words of a query', () => {
  const failure = (...words: string[]) => {
    try {
      questionOf(words);
    } catch (error) {
      if (error instanceof OperationError) return `${error.code} ${error.message}`;
      throw error;
    }
    return undefined;
  };

  it('are name, type and server', () => {
    const told = (...words: string[]) => {
      const { question, server } = questionOf(words);
      return [formatName(question.name), question.type, server];
    };
    expect(told('example.com')).toEqual(['example.com.', RRTYPE.A, undefined]);
    expect(told('Example.com.', 'dnskey', '@::1')).toEqual(['Example.com.', RRTYPE.DNSKEY, '::1']);
    expect(told('@192.0.2.1', '.', 'NS')).toEqual(['.', RRTYPE.NS, '192.0.2.1']);
    expect(told('a\\.b.example\\.')).toEqual(['a\\.b.example\\..', RRTYPE.A, undefined]);
  });

  it('are refused with a reason', () => {
    expect(failure()).toMatch(/^BAD_PARAMETERS/);
    expect(failure('a', 'A', 'more')).toMatch(/^BAD_PARAMETERS/);
    expect(failure('a', '@b', '@c')).toMatch(/^BAD_PARAMETERS/);
    expect(failure('a..b')).toBe('BAD_NAME "a..b" is no domain name: empty label');
    expect(failure('a', 'DNSKY')).toBe('BAD_TYPE "DNSKY" is no record type, did you mean DNSKEY?');
    expect(failure('a', 'AXFR')).toMatch(/^BAD_TYPE AXFR .*zone export/);
  });

  it.each([
    ['--port', '0'],
    ['--port', 'x'],
    ['--tries', '0'],
    ['--timeout', 'soon'],
  ])('%s %s is refused', async (option, value) => {
    const { code, err } = await runCaptured('query', 'a', '@127.0.0.1', option, value);
    expect(code).toBe(2);
    expect(err).toContain(option);
  });
});

const PLAIN = optionsOf({ edns: true, timeout: '1s', tries: '1' });

describe('encodeQuery', () => {
  it('keeps every octet of a name', () => {
    const name = nameOf('a\\.b\\200.example.');
    const octets = encodeQuery(1, { name, type: RRTYPE.HTTPS }, PLAIN);
    expect(octets.subarray(12, 12 + name.length)).toEqual(Buffer.from(name));
    expect(octets.readUInt16BE(12 + name.length)).toBe(RRTYPE.HTTPS);
  });

  it('pads to blocks, whatever the name', () => {
    const edns = { ...PLAIN.edns!, paddingBlock: 128 };
    for (let length = 1; length < 64; length++) {
      const name = nameOf(`${'x'.repeat(length)}.example.`);
      expect(encodeQuery(1, { name, type: 1 }, { ...PLAIN, edns }).length).toBe(128);
    }
  });
});
