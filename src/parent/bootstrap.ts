/**
 * The checks by which a parent takes the first DS from a child that it has no reason to trust (RFC 9615 §4.2, RFC 8078 §5,
 * ROLLOVER 3.3). The parent makes them before it acts, the child before it asks, so that both find the same. Pure: what
 * was seen comes from `bootstrap-gather`.
 *
 *     no DS yet ∧ a name server outside the child ∧ the apex the same everywhere ∧ each signal validated and the same
 */
import type { UnixSeconds } from '../base/time.ts';
import { DIGEST_TYPE, dsRdata, isDeleteRequest } from '../dnssec/ds.ts';
import { sortRdata } from '../dnssec/rrsig.ts';
import { equalNames, formatName, type Name } from '../wire/name.ts';
import type { Verdict } from './judge.ts';
import type { ReceivedRRset } from './rrset.ts';
import { type NameServer, whereOf } from './servers.ts';
import { signalingHosts, signalingName } from './signal.ts';
import { isDsOf, keysByDs, type Verifying } from './validate.ts';
import { isSpent, newVerifications, SPENT_TEXT } from './verifications.ts';

/** Why a first DS cannot be taken. */
export type BootstrapReason =
  | 'BOOTSTRAP_DS_PRESENT'
  | 'BOOTSTRAP_PARENT_UNKNOWN'
  | 'BOOTSTRAP_IN_DOMAIN_ONLY'
  | 'BOOTSTRAP_NAME_TOO_LONG'
  | 'BOOTSTRAP_APEX_UNKNOWN'
  | 'BOOTSTRAP_APEX_DIFFERS'
  | 'BOOTSTRAP_NO_CDS'
  | 'BOOTSTRAP_DELETE'
  | 'BOOTSTRAP_CDS_MISMATCH'
  | 'BOOTSTRAP_CHAIN_BROKEN'
  | 'BOOTSTRAP_TOO_COSTLY'
  | 'BOOTSTRAP_SIGNAL_MISSING'
  | 'BOOTSTRAP_SIGNAL_UNKNOWN'
  | 'BOOTSTRAP_SIGNAL_INSECURE'
  | 'BOOTSTRAP_SIGNAL_BOGUS'
  | 'BOOTSTRAP_SIGNAL_CUT'
  | 'BOOTSTRAP_SIGNAL_DIFFERS';

/** With these no signal can ever help: the delegation, or the names, would have to be others. */
const UNSUPPORTED: readonly BootstrapReason[] = ['BOOTSTRAP_IN_DOMAIN_ONLY', 'BOOTSTRAP_NAME_TOO_LONG'];

/** One thing that is wrong. */
export interface BootstrapFault {
  readonly kind: 'fault';
  readonly reason: BootstrapReason;
  /** For people, one clause that names the server or the name. */
  readonly text: string;
}

/** RDATA of an RRset, none if it is not there; or why that cannot be said. */
export type Heard = { readonly kind: 'heard'; readonly rdatas: readonly Uint8Array[] } | BootstrapFault;

/** What one address of a name server of the child says of its apex. */
export interface ApexSight {
  readonly server: NameServer;
  readonly cds: Heard;
  readonly cdnskey: Heard;
  /** Undefined: it has none, or could not be asked. */
  readonly dnskey: ReceivedRRset | undefined;
}

/** What is signaled below one name server outside the child, validated. */
export interface SignalSight {
  readonly host: Name;
  readonly cds: Heard;
  readonly cdnskey: Heard;
}

/** All that a parent looks at. */
export interface BootstrapFacts {
  readonly child: Name;
  /** What the parent has. Of a parent that has none: `{ kind: 'known', ds: [], ttl: 0 }`. */
  readonly ds: Verdict;
  /** The name servers of the delegation. */
  readonly hosts: readonly Name[];
  /** Of every address of every name server of the delegation. */
  readonly apexes: readonly ApexSight[];
  /** Of every one of `signalingHosts`. */
  readonly signals: readonly SignalSight[];
}

/** All checks passed: what CDS and CDNSKEY of the child are, in canonical order; one of the two may be empty. */
export interface BootstrapAccepted {
  readonly kind: 'accepted';
  readonly cds: readonly Uint8Array[];
  readonly cdnskey: readonly Uint8Array[];
}

/** `unsupported`: as long as delegation and names are what they are, this way is closed. */
export interface BootstrapRefused {
  readonly kind: 'refused' | 'unsupported';
  /** Everything that is wrong, one at least. */
  readonly faults: readonly BootstrapFault[];
}

export type BootstrapVerdict = BootstrapAccepted | BootstrapRefused;

export function bootstrapFault(reason: BootstrapReason, text: string): BootstrapFault {
  return { kind: 'fault', reason, text };
}

/** Judges what was gathered; `now` is the instant by which the child's own signatures are judged. */
export function judgeBootstrap(facts: BootstrapFacts, now: UnixSeconds): BootstrapVerdict {
  const faults = [
    ...parentFaults(facts),
    ...hostFaults(facts),
    ...apexFaults(facts),
    ...requestFaults(facts, now),
    ...signalFaults(facts),
  ];
  if (faults.length === 0) return { kind: 'accepted', ...requestOf(facts.apexes) };
  const isUnsupported = faults.some(({ reason }) => UNSUPPORTED.includes(reason));
  return { kind: isUnsupported ? 'unsupported' : 'refused', faults };
}

// ---- The delegation (step 1) ----

function parentFaults({ ds }: BootstrapFacts): BootstrapFault[] {
  if (ds.kind === 'unknown') return [bootstrapFault('BOOTSTRAP_PARENT_UNKNOWN', ds.text)];
  if (ds.ds.length === 0) return [];
  return [bootstrapFault('BOOTSTRAP_DS_PRESENT', 'the parent has a DS already: CDS alone count from now on')];
}

function hostFaults({ child, hosts }: BootstrapFacts): BootstrapFault[] {
  if (hosts.length === 0) {
    const text = `to which name servers ${formatName(child)} is delegated is not known`;
    return [bootstrapFault('BOOTSTRAP_PARENT_UNKNOWN', text)];
  }
  const outside = signalingHosts(child, hosts);
  if (outside.length === 0) {
    const text = `all name servers of ${formatName(child)} are inside it: none has a chain of trust to signal by`;
    return [bootstrapFault('BOOTSTRAP_IN_DOMAIN_ONLY', text)];
  }
  return outside
    .filter((host) => signalingName(child, host) === undefined)
    .map((host) => {
      const text = `the signaling name of ${formatName(child)} below ${formatName(host)} would have over 255 octets`;
      return bootstrapFault('BOOTSTRAP_NAME_TOO_LONG', text);
    });
}

// ---- The apex (step 2) ----

const TYPES = ['cds', 'cdnskey'] as const;
const TYPE_WORDS = { cds: 'CDS', cdnskey: 'CDNSKEY' } as const;

function apexFaults({ child, hosts, apexes }: BootstrapFacts): BootstrapFault[] {
  const silent = hosts
    .filter((host) => !apexes.some(({ server }) => equalNames(server.name, 0, host, 0)))
    .map((host) => {
      const text = `no address of ${formatName(host)}, a name server of ${formatName(child)}, can be found`;
      return bootstrapFault('BOOTSTRAP_APEX_UNKNOWN', text);
    });
  const unheard = apexes.flatMap(({ cds, cdnskey }) => distinctFaults([cds, cdnskey]));
  const differing = TYPES.flatMap((type) => {
    const [first, ...others] = apexes.filter((apex) => apex[type].kind === 'heard');
    return others
      .filter((apex) => !isSame(apex[type], first![type]))
      .map(({ server }) => {
        const text = `${whereOf(server)} has other ${TYPE_WORDS[type]} records than ${whereOf(first!.server)}`;
        return bootstrapFault('BOOTSTRAP_APEX_DIFFERS', text);
      });
  });
  return [...silent, ...unheard, ...differing];
}

// ---- What is asked for (RFC 8078 §5, RFC 7344 §4.1) ----

function requestFaults({ child, apexes }: BootstrapFacts, now: UnixSeconds): BootstrapFault[] {
  const name = formatName(child);
  const heard = { cds: heardOf(apexes, 'cds'), cdnskey: heardOf(apexes, 'cdnskey') };
  if (heard.cds === undefined && heard.cdnskey === undefined) return [];
  const { cds, cdnskey } = requestOf(apexes);
  if (cds.length + cdnskey.length === 0) {
    const text = `${name} has neither CDS nor CDNSKEY records: it asks for nothing`;
    return [bootstrapFault('BOOTSTRAP_NO_CDS', text)];
  }
  if (
    cds.some((rdata) => isDeleteRequest('CDS', rdata)) ||
    cdnskey.some((rdata) => isDeleteRequest('CDNSKEY', rdata))
  ) {
    return [bootstrapFault('BOOTSTRAP_DELETE', `${name} asks for the removal of a DS, not for one`)];
  }
  if (!isMatching(child, cds, cdnskey)) {
    const text = `CDS and CDNSKEY of ${name} do not name the same keys`;
    return [bootstrapFault('BOOTSTRAP_CDS_MISMATCH', text)];
  }
  const ds = dsOf(child, { cds, cdnskey });
  const verifications = newVerifications();
  const faults = apexes
    .filter((apex) => TYPES.some((type) => apex[type].kind === 'heard'))
    .flatMap(({ server, dnskey }) => {
      const fault = chainFault(child, dnskey, ds, { now, verifications });
      if (fault === undefined) return [];
      const text = `with the DS that is asked for, what ${whereOf(server)} answers would be bogus: ${fault}`;
      return [bootstrapFault('BOOTSTRAP_CHAIN_BROKEN', text)];
    });
  return isSpent(verifications) ? [bootstrapFault('BOOTSTRAP_TOO_COSTLY', `${name}: ${SPENT_TEXT}`)] : faults;
}

/** The DS RRset that follows from what was accepted: the CDS as they are, or SHA-256 digests of the CDNSKEY. */
export function dsOf(
  child: Name,
  { cds, cdnskey }: Pick<BootstrapAccepted, 'cds' | 'cdnskey'>,
): readonly Uint8Array[] {
  return cds.length > 0 ? cds : sortRdata(cdnskey.map((key) => dsRdata(child, key, DIGEST_TYPE.SHA256)));
}

/** What the first server that tells has; others have the same, or that is a fault. */
function requestOf(apexes: readonly ApexSight[]): Pick<BootstrapAccepted, 'cds' | 'cdnskey'> {
  return { cds: heardOf(apexes, 'cds') ?? [], cdnskey: heardOf(apexes, 'cdnskey') ?? [] };
}

/** In canonical order; undefined if no server tells. */
function heardOf(
  apexes: readonly ApexSight[],
  type: (typeof TYPES)[number],
): readonly Uint8Array[] | undefined {
  const heard = apexes.map((apex) => apex[type]).find(({ kind }) => kind === 'heard');
  return heard?.kind === 'heard' ? sortRdata(heard.rdatas) : undefined;
}

/** Where both types are, they name the same keys. */
export function isMatching(child: Name, cds: readonly Uint8Array[], cdnskey: readonly Uint8Array[]): boolean {
  if (cds.length === 0 || cdnskey.length === 0) return true;
  // Digests that cannot be computed here say nothing.
  const known = cds.filter((ds) => Object.values<number>(DIGEST_TYPE).includes(ds[3]!));
  return (
    cdnskey.every((key) => cds.some((ds) => isDsOf(ds, child, key))) &&
    known.every((ds) => cdnskey.some((key) => isDsOf(ds, child, key)))
  );
}

/** Why a child would have no chain of trust by these DS; undefined if it has one. */
export function chainFault(
  child: Name,
  dnskey: ReceivedRRset | undefined,
  ds: readonly Uint8Array[],
  verifying: Verifying,
): string | undefined {
  if (dnskey === undefined) return 'it gives no DNSKEY records';
  const outcome = keysByDs(child, dnskey, ds, verifying);
  if ('fault' in outcome) return outcome.fault;
  return outcome.keys === null ? 'none of the algorithms or digests can be checked' : undefined;
}

// ---- The signals (steps 3 and 4) ----

function signalFaults({ child, hosts, apexes, signals }: BootstrapFacts): BootstrapFault[] {
  return signalingHosts(child, hosts)
    .filter((host) => signalingName(child, host) !== undefined)
    .flatMap((host) => {
      const signal = signals.find((one) => equalNames(one.host, 0, host, 0));
      if (signal !== undefined) return signalFaultsOf(child, signal, apexes);
      const text = `what is signaled below ${formatName(host)} was not looked at`;
      return [bootstrapFault('BOOTSTRAP_SIGNAL_UNKNOWN', text)];
    });
}

function signalFaultsOf(child: Name, signal: SignalSight, apexes: readonly ApexSight[]): BootstrapFault[] {
  const { host, cds, cdnskey } = signal;
  const unheard = distinctFaults([cds, cdnskey]);
  if (unheard.length === 0 && rdatasIn(cds).length + rdatasIn(cdnskey).length === 0) {
    const text = `nothing is signaled for ${formatName(child)} below ${formatName(host)}`;
    return [bootstrapFault('BOOTSTRAP_SIGNAL_MISSING', text)];
  }
  const differing = TYPES.filter((type) => {
    const rdatas = heardOf(apexes, type);
    return (
      signal[type].kind === 'heard' &&
      rdatas !== undefined &&
      !isSame(signal[type], { kind: 'heard', rdatas })
    );
  });
  return [
    ...unheard,
    ...differing.map((type) => {
      const text = `the ${TYPE_WORDS[type]} records signaled below ${formatName(host)} are not those of the child`;
      return bootstrapFault('BOOTSTRAP_SIGNAL_DIFFERS', text);
    }),
  ];
}

// ---- Words and sets ----

function distinctFaults(heard: readonly Heard[]): BootstrapFault[] {
  const faults = heard.filter((one) => one.kind === 'fault');
  return faults.filter(({ text }, i) => faults.findIndex((other) => other.text === text) === i);
}

function rdatasIn(heard: Heard): readonly Uint8Array[] {
  return heard.kind === 'heard' ? heard.rdatas : [];
}

function isSame(one: Heard, other: Heard): boolean {
  return isSameSet(rdatasIn(one), rdatasIn(other));
}

/** True if both have the same RDATA, in whatever order. */
export function isSameSet(one: readonly Uint8Array[], other: readonly Uint8Array[]): boolean {
  const [some, others] = [sortRdata(one), sortRdata(other)];
  return some.length === others.length && some.every((rdata, i) => Buffer.compare(rdata, others[i]!) === 0);
}
