/** Requests that nobody should send to a control socket: malformed, half sent, huge, deep, binary, slow. */
import net from 'node:net';
import type { SeededRandom } from './zones.ts';

/** Octets to send; `isHalf` if the sender then keeps the connection open and silent. */
export interface BadRequest {
  readonly kind: string;
  readonly octets: Buffer;
  readonly isHalf: boolean;
}

const PATHS = [
  '/v1/status',
  '/v1/zones',
  '/v1/reload',
  '/v1/zones/a.example./rollover',
  '/v1/jobs',
  '/v1/forget',
];
const METHODS = ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY', 'get', '\u0000'];

/** Endless bad requests of every kind, the same for the same seed. */
export function* badRequests(random: SeededRandom): Generator<BadRequest> {
  const bytes = (count: number) => Buffer.from(random.hex(count), 'hex');
  const post = (body: string | Buffer, length = Buffer.byteLength(body), type = 'application/json') =>
    Buffer.concat([
      Buffer.from(
        `POST ${random.pick(PATHS)} HTTP/1.1\r\nhost: l\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\n\r\n`,
      ),
      Buffer.from(body),
    ]);
  const whole = (kind: string, octets: Buffer): BadRequest => ({ kind, octets, isHalf: false });
  const half = (kind: string, octets: Buffer): BadRequest => ({ kind, octets, isHalf: true });
  const makers: (() => BadRequest)[] = [
    () => whole('binary', bytes(1 + random.below(2_000))),
    () => whole('binary body', post(bytes(1 + random.below(2_000)))),
    () => whole('deep arrays', post(`{"zone":${'['.repeat(20_000)}${']'.repeat(20_000)}}`)),
    () => whole('deep objects', post(`${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`)),
    () => whole('huge body', post('x'.repeat(100_000 + random.below(400_000)))),
    () => whole('huge claim', post('{}', 4_000_000_000)),
    () => whole('body cut', post('{"zone":"a.exa', 400)),
    () =>
      whole(
        'wrong JSON',
        post(random.pick(['{', '{"zone"', 'nul', '{"zone":"\u0000"}', '"', '[1,2', '{"a":1}}'])),
      ),
    () => whole('wrong types', post(JSON.stringify({ zone: random.pick([null, 7, [], {}, true, 1e308]) }))),
    () => whole('prototype', post('{"__proto__":{"zone":"a"},"constructor":{"prototype":{}}}')),
    () =>
      whole(
        'unknown fields',
        post(JSON.stringify({ [`f${random.below(1_000)}`]: 'x'.repeat(random.below(10_000)) })),
      ),
    () =>
      whole(
        'wrong type',
        post('zone=a', 6, random.pick(['text/plain', 'application/x-www-form-urlencoded', ';'])),
      ),
    () =>
      whole(
        'wrong method',
        Buffer.from(`${random.pick(METHODS)} ${random.pick(PATHS)} HTTP/1.1\r\nhost: l\r\n\r\n`),
      ),
    () =>
      whole(
        'long path',
        Buffer.from(`GET /v1/zones/${'%41'.repeat(random.below(20_000))} HTTP/1.1\r\nhost: l\r\n\r\n`),
      ),
    () => whole('bad escapes', Buffer.from('GET /v1/zones/%zz%00%ff/ds HTTP/1.1\r\nhost: l\r\n\r\n')),
    () => whole('many headers', Buffer.from(`GET /v1/status HTTP/1.1\r\n${'a: b\r\n'.repeat(5_000)}\r\n`)),
    () =>
      whole(
        'smuggled',
        Buffer.from('POST /v1/reload HTTP/1.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\nzz'),
      ),
    () =>
      whole('query', Buffer.from(`GET /v1/rollovers?${'zone=a&'.repeat(500)} HTTP/1.1\r\nhost: l\r\n\r\n`)),
    () => half('nothing', Buffer.alloc(0)),
    () => half('half a line', Buffer.from('POST /v1/rel')),
    () => half('half a header', Buffer.from('POST /v1/reload HTTP/1.1\r\nhost: l\r\ncontent-len')),
    () => half('half a body', post('{"zone":"a', 60_000)),
  ];
  for (let at = 0; ; at = (at + 1) % makers.length) yield makers[at]!();
}

/** Sends a request; resolves when the server closes, or when what is half sent was left for `holdMs`. */
export async function sendBad(path: string, { octets, isHalf }: BadRequest, holdMs: number): Promise<string> {
  const socket = net.connect(path);
  const parts: Buffer[] = [];
  socket.on('data', (part) => parts.push(part));
  // A reset is one of the answers that are due.
  socket.on('error', () => socket.destroy());
  socket.setTimeout(holdMs, () => socket.destroy());
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(octets);
  if (!isHalf) socket.end();
  await closed;
  return Buffer.concat(parts).toString('latin1');
}
