/**
 * Whether all name servers of a zone, as its parent delegates it, have the CDS and CDNSKEY that we have. A parent asks every
 * one of them and does nothing if they differ (RFC 9975), so that this is looked at before a parent is told of new ones, and
 * daily as long as there are any (ROLLOVER 3.2).
 */
import { createHash } from 'node:crypto';
import { plus, type UnixSeconds } from '../base/time.ts';
import type { Key } from '../kasp/key.ts';
import { cdsSet, dnskeySet } from '../kasp/records.ts';
import { readAnswer } from '../parent/judge.ts';
import type { ServerAddress } from '../parent/network.ts';
import { questionFor } from '../parent/question.ts';
import { findRRset } from '../parent/rrset.ts';
import { RRTYPE } from '../wire/iana.ts';
import { formatName } from '../wire/name.ts';
import type { ParentsContext } from './parents.ts';
import type { Scheduler } from './scheduler.ts';
import type { SteadyClock } from './steadyclock.ts';
import type { Zone } from './zone.ts';

const DAY = 86_400;
/** Servers that differ are compared again after so long, and so long they may differ: secondaries follow in their time. */
const AGAIN_S = 3_600;

/** What a comparison found: the servers that have other records, those that said nothing, and how many are alike. */
export interface Comparison {
  readonly differing: readonly string[];
  readonly silent: readonly string[];
  /** How many have the same. */
  readonly alike: number;
}

/** CDS and CDNSKEY as text, to compare; empty if there are none. */
export function cdsText({ signing, origin }: Zone): string {
  if (signing === undefined) return '';
  const { cds, cdnskey } = cdsSet(signing.zoneState, origin, signing.policy);
  return cds.length + cdnskey.length === 0 ? '' : [cds, cdnskey].map(textOf).join(' | ');
}

/** What is kept of such a text of very many zones, to see that it is another: 16 octets of SHA-256, a character each. */
export function markOf(text: string): string {
  return createHash('sha256').update(text).digest().toString('latin1', 0, 16);
}

/** Asks every server of the zone for its CDS and CDNSKEY; undefined if its servers cannot be found. */
export function compareCds(
  parents: ParentsContext,
  zone: Zone,
  content: string,
  now: UnixSeconds,
): Promise<Comparison | undefined> {
  return compareServers(parents, zone, { types: [RRTYPE.CDS, RRTYPE.CDNSKEY], content }, now);
}

/** The DNSKEY RRset that we serve, as text to compare. */
export function dnskeyText(keys: readonly Key[]): string {
  return textOf(dnskeySet(keys));
}

/** Asks every server of the zone for its DNSKEY RRset; undefined if its servers cannot be found. */
export function compareDnskeys(
  parents: ParentsContext,
  zone: Zone,
  content: string,
  now: UnixSeconds,
): Promise<Comparison | undefined> {
  return compareServers(parents, zone, { types: [RRTYPE.DNSKEY], content }, now);
}

/** What servers shall have at the apex, RRset by RRset. */
interface Shared {
  readonly types: readonly number[];
  readonly content: string;
}

async function compareServers(
  { finder, network }: ParentsContext,
  { origin }: Zone,
  { types, content }: Shared,
  now: UnixSeconds,
): Promise<Comparison | undefined> {
  const servers = await finder.serversOf(origin, now);
  if ('kind' in servers) return undefined;
  const ask = async (server: ServerAddress, type: number) => {
    const octets = await network.exchange(server, questionFor(origin, type));
    const answer = 'fault' in octets ? octets : readAnswer(octets, origin, type);
    return 'answer' in answer ? textOf(findRRset(answer.answer, origin, type)?.rdatas ?? []) : undefined;
  };
  const said = await Promise.all(
    servers.map(async (server) => {
      const texts = await Promise.all(types.map((type) => ask(server, type)));
      return { server, isSilent: texts.includes(undefined), isSame: texts.join(' | ') === content };
    }),
  );
  const named = (some: typeof said) =>
    some.map(({ server }) => `${formatName(server.name)} (${server.address})`);
  return {
    differing: named(said.filter(({ isSilent, isSame }) => !isSilent && !isSame)),
    silent: named(said.filter(({ isSilent }) => isSilent)),
    alike: said.filter(({ isSame }) => isSame).length,
  };
}

function textOf(rdatas: readonly Uint8Array[]): string {
  return rdatas
    .map((rdata) => Buffer.from(rdata).toString('hex'))
    .sort()
    .join(' ');
}

export interface EvenContext extends ParentsContext {
  readonly clock: SteadyClock;
  readonly scheduler: Scheduler;
  /** Something was found of a zone. */
  readonly looked: (zone: Zone) => void;
}

interface Compared {
  /** Of the records that were compared. */
  readonly mark: string;
  readonly at: UnixSeconds;
  /** Null if that could not be found out yet. */
  readonly differing: readonly string[] | null;
  /** Since when some differ from these records; null if none does. */
  readonly since: UnixSeconds | null;
}

export class EvenCds {
  readonly #context: EvenContext;
  readonly #compared = new Map<Zone, Compared>();
  readonly #busy = new Set<Zone>();

  constructor(context: EvenContext) {
    this.#context = context;
  }

  /** The parent of the zone was looked at: compares its servers if that was not done for a day. Never rejects. */
  async review(zone: Zone): Promise<void> {
    const { clock, looked } = this.#context;
    const { now } = clock.keyInstant();
    const content = cdsText(zone);
    const known = this.#compared.get(zone);
    const mark = markOf(content);
    const before = known?.mark === mark ? known : undefined;
    const wait = before?.differing?.length === 0 ? DAY : AGAIN_S;
    if (content === '') this.#compared.delete(zone);
    if (content === '' || this.#busy.has(zone) || zone.signing?.isPending === true) return;
    if (before !== undefined && now < plus(before.at, wait)) return;
    this.#busy.add(zone);
    const found = await compareCds(this.#context, zone, content, clock.now());
    this.#busy.delete(zone);
    if (zone.keeper.epoch === undefined) return;
    const { ended: at } = clock.keyInstant();
    // Servers that say nothing are not found to differ, nor to be alike.
    if (found === undefined || (found.differing.length === 0 && found.silent.length > 0)) {
      this.#compared.set(zone, { differing: null, since: null, ...before, mark, at });
      return;
    }
    const { differing } = found;
    const since = differing.length === 0 ? null : (before?.since ?? at);
    this.#compared.set(zone, { mark, at, differing, since });
    if (since !== null) this.#again(zone);
    looked(zone);
  }

  #again(zone: Zone): void {
    const { scheduler, clock } = this.#context;
    const at = clock.wallTimeOf(plus(clock.keyInstant().now, AGAIN_S));
    scheduler.at(timerOf(zone), at, () => void this.review(zone));
  }

  /** The servers that differ, and have for longer than secondaries may take; undefined if nobody knows. */
  differingOf(zone: Zone): readonly string[] | undefined {
    const { differing, since, at } = this.#compared.get(zone) ?? { differing: null, since: null, at: 0 };
    if (differing === null) return cdsText(zone) === '' ? [] : undefined;
    return since !== null && at >= plus(since, AGAIN_S) ? differing : [];
  }

  forget(zone: Zone): void {
    this.#compared.delete(zone);
    this.#context.scheduler.cancel(timerOf(zone));
  }
}

function timerOf({ name }: Zone): string {
  return `compare CDS of ${name}`;
}
