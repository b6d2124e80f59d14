/** The rate limit against a twin with accounts by text and rules in the order of the documentation. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { RateLimitSettings } from '../../src/answer/ratelimit.ts';
import { ANSWER_CLASS, VERDICT } from '../../src/answer/ratelimit.ts';
import type { Transport } from '../../src/wire/peer.ts';
import { type Prefix, parsePrefix } from '../../src/wire/prefix.ts';
import { limiterOf, peerOf, SETTINGS } from '../support/ratelimit.ts';

const START = 1_795_000_000;
const ALLOWED = '198.51.100.9';
const SOURCES = [
  '192.0.2.1',
  '192.0.2.2',
  '192.0.3.1',
  ALLOWED,
  '2001:db8::1',
  '2001:db8::2',
  '2001:db8:0:100::1',
  '2001:db9::1',
  // IPv4's first octets in an address of IPv6.
  'c000:201::',
];

const binary = (address: string) => {
  const isIpv4 = !address.includes(':');
  const digits = isIpv4
    ? address.split('.').map((part) => Number(part).toString(2).padStart(8, '0'))
    : expanded(address).map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0'));
  return { isIpv4, bits: digits.join('') };
};

function expanded(address: string): string[] {
  const [head = '', tail = ''] = address.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const missing = 8 - groups(head).length - groups(tail).length;
  return [...groups(head), ...new Array<string>(missing).fill('0'), ...groups(tail)];
}

interface Account {
  balance: number;
  last: number;
  limited: number;
  told: number | undefined;
}

class Twin {
  readonly #settings: RateLimitSettings;
  readonly #accounts = new Map<string, Account>();
  readonly #floods = new Map<string, number>();
  report: string | undefined;

  constructor(settings: RateLimitSettings) {
    this.#settings = settings;
  }

  judge(
    address: string,
    isProven: boolean,
    transport: Transport,
    zone: number,
    kind: number,
    now: number,
  ): number {
    const { rates, slip, isLogOnly, zoneNxdomainRate } = this.#settings;
    if (isProven || transport !== 'udp') return VERDICT.ANSWER;
    const isFree = address === ALLOWED;
    const source = this.#sourceOf(address);
    const rate = rates[kind]!;
    if (rate > 0) {
      const account = this.#charge(`${source} ${zone} ${kind}`, rate, now);
      if (account.balance < 0) {
        if (isFree) return VERDICT.ANSWER;
        account.limited++;
        if (this.#mayTell(account, now)) this.report = `${source} ${zone} ${kind}`;
        if (isLogOnly) return VERDICT.ANSWER;
        this.#floods.set(source, now);
        return slip > 0 && account.limited % slip === 0 ? VERDICT.TRUNCATE : VERDICT.DROP;
      }
    }
    if (kind !== ANSWER_CLASS.NXDOMAIN || zoneNxdomainRate === 0) return VERDICT.ANSWER;
    const account = this.#charge(`all ${zone}`, zoneNxdomainRate, now);
    if (account.balance >= 0 || isFree) return VERDICT.ANSWER;
    if (this.#mayTell(account, now)) this.report = `0.0.0.0/0 ${zone} ${kind}`;
    return isLogOnly ? VERDICT.ANSWER : VERDICT.TRUNCATE;
  }

  isAmplified(
    address: string,
    isProven: boolean,
    transport: Transport,
    query: number,
    octets: number,
    now: number,
  ): boolean {
    const { amplification, windowS, isLogOnly } = this.#settings;
    const floodedAt = this.#floods.get(this.#sourceOf(address));
    if (isProven || transport !== 'udp' || isLogOnly || address === ALLOWED || floodedAt === undefined)
      return false;
    return octets > amplification * query && now >= floodedAt && now <= floodedAt + windowS;
  }

  #charge(key: string, rate: number, now: number): Account {
    const account = this.#accounts.get(key) ?? { balance: rate, last: now, limited: 0, told: undefined };
    this.#accounts.set(key, account);
    if (now < account.last) account.balance = rate;
    else account.balance = Math.min(rate, account.balance + (now - account.last) * rate);
    account.last = now;
    account.balance = Math.max(account.balance - 1, -rate * this.#settings.windowS);
    return account;
  }

  /** Once a minute. */
  #mayTell(account: Account, now: number): boolean {
    const isSoon = account.told !== undefined && now >= account.told && now < account.told + 60;
    if (!isSoon) account.told = now;
    return !isSoon;
  }

  #sourceOf(address: string): string {
    const { isIpv4, bits } = binary(address);
    const count = isIpv4 ? this.#settings.ipv4Bits : this.#settings.ipv6Bits;
    const prefix = bits
      .slice(0, count)
      .padEnd(bits.length, '0')
      .match(isIpv4 ? /.{8}/g : /.{16}/g)!;
    const parts = prefix.map((part) => Number.parseInt(part, 2));
    return `${isIpv4 ? parts.join('.') : parts.map((part) => part.toString(16)).join(':')}/${count}`;
  }
}

const rate = fc.constantFrom(0, 1, 2, 5);
const settings = fc.record({
  isLogOnly: fc.constantFrom(false, false, false, true),
  rates: fc.tuple(rate, rate, rate, rate),
  zoneNxdomainRate: fc.constantFrom(0, 0, 3),
  windowS: fc.constantFrom(1, 2, 15),
  slip: fc.constantFrom(0, 1, 2, 3),
  ipv4Bits: fc.constantFrom(1, 24, 31, 32),
  ipv6Bits: fc.constantFrom(1, 31, 32, 33, 56, 63, 64),
  amplification: fc.constantFrom(1, 3),
});
const step = fc.record({
  source: fc.oneof(fc.constantFrom(SOURCES[0]!, SOURCES[0]!, SOURCES[4]!), fc.constantFrom(...SOURCES)),
  transport: fc.constantFrom<Transport>('udp', 'udp', 'udp', 'udp', 'udp', 'tcp'),
  isProven: fc.constantFrom(false, false, false, false, false, true),
  zone: fc.constantFrom(1, 1, 2),
  kind: fc.constantFrom(0, 0, 1, 2, 2, 3),
  times: fc.constantFrom(1, 1, 2, 7),
  wait: fc.constantFrom(0, 0, 0, 0, 1, 2, 14, 16, 59, 60, -3),
  octets: fc.constantFrom(99, 100, 101, 300, 301),
});

/** What the limiter tells of a report, as the twin does: a source in all its groups. */
function reportText(report: {
  family: 4 | 6;
  octets: Uint8Array;
  bits: number;
  zone: number;
  answerClass: number;
}): string {
  const octets = [...report.octets];
  const groups = octets.flatMap((octet, i) =>
    i % 2 === 0 ? [(octet * 256 + octets[i + 1]!).toString(16)] : [],
  );
  return `${report.family === 4 ? octets.join('.') : groups.join(':')}/${report.bits} ${report.zone} ${report.answerClass}`;
}

it('judges answers as the twin does, and tells of the same sources', () => {
  const seen = new Set<number>();
  let amplified = 0;
  fc.assert(
    fc.property(settings, fc.array(step, { maxLength: 80, size: 'max' }), (settings, steps) => {
      const allow = [parsePrefix(ALLOWED) as Prefix];
      const { limiter } = limiterOf({ ...settings, allow });
      const twin = new Twin({ ...SETTINGS, ...settings, allow });
      let now = START;
      for (const { source, transport, isProven, zone, kind, times, wait, octets } of steps) {
        now += wait;
        const peer = peerOf(source, transport);
        for (let i = 0; i < times; i++) {
          const verdict = limiter.judge(peer, isProven, zone, kind, now);
          expect(verdict).toBe(twin.judge(source, isProven, transport, zone, kind, now));
          seen.add(verdict);
        }
        const report = limiter.takeReport();
        expect(report === null ? undefined : reportText(report)).toBe(twin.report);
        twin.report = undefined;
        const isAmplified = twin.isAmplified(source, isProven, transport, 100, octets, now);
        if (isAmplified) amplified++;
        expect(limiter.isAmplified(peer, isProven, 100, octets, now)).toBe(isAmplified);
      }
    }),
    { numRuns: 150 },
  );
  expect(seen).toEqual(new Set([VERDICT.ANSWER, VERDICT.TRUNCATE, VERDICT.DROP]));
  expect(amplified).toBeGreaterThan(10);
});
