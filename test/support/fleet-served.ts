/** What one zone of a fleet has served, and what caches may hold of it: histories for the judge, in true time. */
import type { Histories, Lifespan, ServedCds, ServedDs, ServedZone } from './rollover-judge.ts';

const ENDLESS = Number.POSITIVE_INFINITY;

/** What is served, by ids of keys; TTLs in seconds. */
export interface Content {
  readonly dnskey: {
    readonly keys: readonly string[];
    readonly signers: readonly string[];
    readonly ttl: number;
  };
  readonly signers: readonly string[];
  readonly cds: Pick<ServedCds, 'keys' | 'isDelete' | 'signers' | 'ttl'>;
}

export class ServedHistory {
  readonly histories: Histories;
  readonly #propagation: number;
  readonly #negativeTtl: number;
  #ttl: number;
  /** The largest TTL that the zone's data had since the last acknowledgement. */
  #maxTtl: number;
  /** Until when copies with a TTL that was lowered since may last, by the version that was served with it. */
  readonly #longer = new Map<ServedZone, number>();

  constructor(
    { maxTtl, negativeTtl }: { readonly maxTtl: number; readonly negativeTtl: number },
    ds: ServedDs[],
    propagation: number,
  ) {
    this.#propagation = propagation;
    this.#negativeTtl = negativeTtl;
    this.#ttl = maxTtl;
    this.#maxTtl = maxTtl;
    const ever = { first: 0, last: ENDLESS, deadAt: ENDLESS };
    this.histories = {
      dnskey: [{ ...ever, ttl: negativeTtl, keys: [], signers: [] }],
      zone: [{ ...ever, ttl: negativeTtl, signers: [] }],
      cds: [{ ...ever, ttl: 0, keys: [], isDelete: false, signers: [] }],
      ds,
    };
  }

  /** Serves this from now on; whether it differs from before. */
  serve({ dnskey, signers, cds }: Content, now: number): { isNew: boolean; isCdsNew: boolean } {
    const span = { first: now, last: ENDLESS, deadAt: ENDLESS };
    const { histories } = this;
    const isDnskeyNew = append(histories.dnskey, { ...dnskey, ...span, ttl: this.#ttlOf(dnskey) });
    const isZoneNew = append(histories.zone, { signers, ...span, ttl: this.#negativeTtl });
    const isEmpty = cds.keys.length === 0 && !cds.isDelete;
    const isCdsNew = append(histories.cds, {
      ...cds,
      ...span,
      ttl: isEmpty ? 0 : cds.ttl,
      signers: isEmpty ? [] : cds.signers,
    });
    return { isNew: isDnskeyNew || isZoneNew || isCdsNew, isCdsNew };
  }

  #ttlOf({ keys, ttl }: Content['dnskey']): number {
    return keys.length === 0 ? this.#negativeTtl : ttl;
  }

  /** The zone's data have another largest TTL. */
  edit(maxTtl: number): void {
    this.#ttl = maxTtl;
    this.#maxTtl = Math.max(this.#maxTtl, maxTtl);
  }

  /** All servers have switched: older versions can be fetched no more, but from a copy that is `propagation` old. */
  settle(now: number): void {
    const until = now + this.#propagation;
    const { dnskey, zone, cds } = this.histories;
    for (const version of [...dnskey.slice(0, -1), ...cds.slice(0, -1)])
      close(version, now, until + version.ttl);
    for (const version of zone.slice(0, -1)) {
      const negative = version.signers.length === 0 ? version.ttl : 0;
      const longer = this.#longer.get(version) ?? 0;
      close(version, now, Math.max(longer, until + Math.max(this.#maxTtl, negative)));
    }
    const newest = zone.at(-1)!;
    if (this.#ttl < this.#maxTtl) {
      this.#longer.set(newest, Math.max(this.#longer.get(newest) ?? 0, until + this.#maxTtl));
    }
    this.#maxTtl = this.#ttl;
  }

  /** The newest CDS (0), or one that a server may still give out. */
  cdsOf(age: number, now: number): ServedCds {
    const { cds } = this.histories;
    const obtainable = cds.filter(({ last }) => last + this.#propagation > now).toReversed();
    return obtainable[age % obtainable.length]!;
  }
}

function append<T extends Lifespan>(versions: T[], version: T): boolean {
  const content = (one: T) => JSON.stringify(Object.entries({ ...one, first: 0, last: 0, deadAt: 0 }).sort());
  if (content(versions.at(-1)!) === content(version)) return false;
  versions.push(version);
  return true;
}

function close(version: Lifespan, last: number, deadAt: number): void {
  if (version.last !== ENDLESS) return;
  version.last = last;
  version.deadAt = deadAt;
}
