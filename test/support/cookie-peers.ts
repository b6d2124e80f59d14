/** Servers with one cookie secret: what cookie each makes, and whether it takes one that another made. */
import { askEdns, option } from './conformance-case.ts';
import { DatagramClient } from './datagrams.ts';
import { readMessage } from './message.ts';

const COOKIE = 10;
const RRTYPE_OPT = 41;
const BADCOOKIE = 23;
export const WHOLE_OCTETS = 24;

/** The cookie in an answer; undefined if it has none. */
export function cookieIn(answer: Uint8Array): Uint8Array | undefined {
  const opt = readMessage(answer).additional.find(({ type }) => type === RRTYPE_OPT);
  const view = Buffer.from(opt?.rdata ?? []);
  for (let at = 0; at + 4 <= view.length; at += 4 + view.readUInt16BE(at + 2)) {
    const value = view.subarray(at + 4, at + 4 + view.readUInt16BE(at + 2));
    if (view.readUInt16BE(at) === COOKIE) return new Uint8Array(value);
  }
  return undefined;
}

/** A server at a port of 127.0.0.1. */
export class CookieServer {
  readonly name: string;
  readonly #client: DatagramClient;
  readonly #says: 'badcookie' | 'another';

  /** How it `says` that it does not take a cookie: with BADCOOKIE, or by an answer with another one only. */
  constructor(name: string, port: number, says: 'badcookie' | 'another') {
    this.name = name;
    this.#client = new DatagramClient(port);
    this.#says = says;
  }

  /** Client cookie and server cookie, as the server makes it now for this client. */
  async make(client: Uint8Array): Promise<Uint8Array> {
    const cookie = cookieIn(await this.#ask(client));
    if (cookie?.length !== WHOLE_OCTETS)
      throw new Error(`${this.name} makes no cookie of 24 octets: ${cookie}`);
    return cookie;
  }

  /**
   * True if it takes a cookie. One that says so by `another` gives back a young cookie as it is, so that the cookie
   * must not be of this very second.
   */
  async takes(cookie: Uint8Array): Promise<boolean> {
    const answer = await this.#ask(cookie);
    if (this.#says === 'badcookie') return readMessage(answer).rcode !== BADCOOKIE;
    return Buffer.compare(cookieIn(answer) ?? new Uint8Array(), cookie) === 0;
  }

  async #ask(cookie: Uint8Array): Promise<Uint8Array> {
    const answer = await this.#client.ask(askEdns({ options: option(COOKIE, ...cookie) }));
    if (answer === undefined) throw new Error(`${this.name} does not answer`);
    return answer;
  }

  close(): void {
    this.#client.close();
  }
}
