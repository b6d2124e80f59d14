/**
 * What the control plane and its threads say to each other. Plain data and shared memory only: each message goes
 * through `postMessage`. Types only.
 */
import type { Identity } from '../answer/identity.ts';
import type { RateLimitSettings } from '../answer/ratelimit.ts';
import type { ErrorReport } from '../answer/report.ts';
import type { CookieSettings } from '../answer/settings.ts';
import type { Diagnostic } from '../base/diagnostic.ts';
import type { UnixSeconds } from '../base/time.ts';
import type { DenialMode, ZonemdPolicy } from '../kasp/policy.ts';
import type { Epoch } from '../signer/epoch.ts';
import type { SynthesisSettings } from '../store/config-synthesis.ts';
import type { TransportSettings } from '../store/config-transport.ts';
import type { KeysAhead } from '../store/keysahead.ts';
import type { FileSignature, ZoneFault } from '../store/zonefile.ts';
import type { HandedSocket } from '../transport/handed.ts';
import type { ListenAddress } from '../transport/listen.ts';
import type { SharedSteering } from '../transport/steering.ts';
import type { Certificate } from '../transport/tls.ts';
import type { UdpKind } from '../transport/udp-choice.ts';
import type { OptSettings } from '../wire/edns-record.ts';
import type { ImageMemory } from '../zone/image.ts';
import type { SerialMode } from '../zone/serial.ts';
import type { DerivedRRset } from './derived.ts';
import type { Limited } from './limited.ts';

// ---- Loader thread ----

/** Load one zone file. */
export interface LoadJob {
  readonly job: number;
  /** The zones directory, a real path. */
  readonly directory: string;
  readonly file: string;
  readonly origin: Uint8Array;
  readonly limitOctets: number;
  /** Size of the file when it was seen, if that is known. */
  readonly octets?: number;
  /** The file must still be this one, if it matters. */
  readonly expected: FileSignature | undefined;
  /** The file may still grow: it must end in a line end. */
  readonly isFresh: boolean;
  /** Digest of what is served: the same content is not compiled again. */
  readonly servedDigest: string | undefined;
  readonly seed: number;
  /** How it will be denied that something exists; null if the zone will be served unsigned. */
  readonly denial: DenialWish | null;
  /** What the policy of the zone says; left out where a file is only looked at. */
  readonly zonemd?: ZonemdPolicy;
  readonly serial?: SerialRule;
  /** Records of the zone that are in no file; left out where a file is only looked at. */
  readonly derived?: readonly DerivedRRset[];
  /** The directory of all zones' keys: those of the zone are read as well, for who will open them. */
  readonly keysDirectory?: string | undefined;
}

/** Jobs that have nearly all in common (`daemon/columns`). */
export interface JobColumns {
  readonly kind: 'jobs';
  /** The first of them, without its origin. */
  readonly common: Omit<LoadJob, 'origin'>;
  readonly jobs: readonly number[];
  readonly files: readonly string[];
  /** One behind the other. */
  readonly origins: Uint8Array;
  readonly octets: readonly (number | undefined)[];
  readonly expected: readonly (FileSignature | undefined)[];
  readonly fresh: readonly boolean[];
}

/** How the serial of a zone is found. */
export interface SerialRule {
  readonly mode: SerialMode;
  /** What was served last, and the digest of its file; undefined if that is not known. */
  readonly before: { readonly serial: number; readonly digest: string } | undefined;
  readonly now: UnixSeconds;
}

/** What a policy wants of the proofs of a zone. */
export interface DenialWish {
  readonly mode: DenialMode;
  /** With NSEC3: unsigned delegations have none (RFC 5155 §6). */
  readonly optOut: boolean;
}

/** A file that a zone includes. */
export interface IncludedPart {
  readonly path: string;
  readonly signature: FileSignature;
}

/** What became of a job. */
export type LoadOutcome =
  | { readonly kind: 'fault'; readonly fault: ZoneFault }
  | { readonly kind: 'unchanged'; readonly includes: readonly IncludedPart[] }
  | {
      readonly kind: 'broken';
      readonly diagnostics: readonly Diagnostic[];
      readonly includes: readonly IncludedPart[];
    }
  | LoadedZone;

/** How a zone that was loaded can deny that something exists. */
export interface LoadedDenial {
  readonly mode: DenialMode;
  /** With NSEC3, the chain (zone/nsec3chain), else null. */
  readonly nsec3: ImageMemory | null;
}

export interface LoadedZone {
  readonly kind: 'loaded';
  readonly image: ImageMemory;
  readonly denial: LoadedDenial;
  /** Warnings. */
  readonly diagnostics: readonly Diagnostic[];
  readonly includes: readonly IncludedPart[];
  /** SHA-256 in hex of the file and all that it includes, and of what is derived (`daemon/derived`). */
  readonly digest: string;
  /** RDATA of DNSKEY and CDNSKEY, and of CDS records in the file. */
  readonly foreignKeys: readonly Uint8Array[];
  readonly foreignCds: readonly Uint8Array[];
  /** Its keys, if they were to be read, and were as they should be. */
  readonly keys?: KeysAhead | undefined;
  readonly tookMs: number;
}

export interface LoadReply {
  readonly job: number;
  readonly outcome: LoadOutcome;
}

/** Zones that were loaded into one memory and of which there is nothing to tell (`daemon/columns`). */
export interface ReplyColumns {
  readonly kind: 'replies';
  readonly jobs: readonly number[];
  readonly memory: SharedArrayBuffer;
  /** Where in it their images begin. */
  readonly ats: readonly number[];
  readonly mode: DenialMode;
  readonly digests: readonly string[];
  readonly keys: readonly (KeysAhead | undefined)[];
  readonly tookMs: readonly number[];
}

// ---- Data threads ----

/** How data threads answer, beyond the zones. */
export interface AnswerSetup {
  /** Null: UDP is answered at any rate. */
  readonly rateLimit: RateLimitSettings | null;
  /** Memory of the rate limit's accounts, one for all threads; empty without a limit. */
  readonly accounts: SharedArrayBuffer;
  /** Leave out addresses that an answer does not need. */
  readonly isMinimal: boolean;
  readonly synthesis: SynthesisSettings;
  readonly cookies: CookieSettings;
  readonly opt: OptSettings;
  readonly identity: Identity;
  /** Children may tell of new CDS records (RFC 9859). */
  readonly takesNotify: boolean;
}

/** `workerData` of a data thread. */
export interface DataSetup {
  readonly listen: readonly ListenAddress[];
  /** Memory of the thread's Counters; outlives the thread. */
  readonly counters: SharedArrayBuffer;
  /** Seed of name hashes, that of all zone images. */
  readonly seed: number;
  /** The transport of UDP threads. */
  readonly udp: UdpKind;
  readonly transport: TransportSettings;
  /** With which other threads it shares the load of UDP; null if the kernel alone spreads it, and for TCP. */
  readonly steering: SharedSteering | null;
  /** Others of this user may have the ports too: we take over from them. */
  readonly mayShare: boolean;
  readonly answers: AnswerSetup;
}

/** Zone `id` is served as `epoch` from the next query on. */
export interface Publication {
  readonly kind: 'publish';
  readonly version: number;
  readonly id: number;
  readonly epoch: Epoch;
}

/** Unsigned zones whose images lie in one memory are served from the next query on (`daemon/columns`). */
export interface PublicationColumns {
  readonly kind: 'publishMany';
  readonly version: number;
  readonly ids: readonly number[];
  readonly memory: SharedArrayBuffer;
  readonly ats: readonly number[];
}

/** Signed zones that have much in common are served from the next query on (`daemon/signedrows`). */
export interface PublicationRows {
  readonly kind: 'publishSigned';
  readonly version: number;
  readonly denial: DenialMode;
  readonly validity: number;
  readonly algorithm: number;
  /** Packs that what is served lies in. */
  readonly memories: readonly SharedArrayBuffer[];
  readonly rows: Uint32Array;
}

export type ToData =
  | Publication
  | PublicationColumns
  | PublicationRows
  | { readonly kind: 'remove'; readonly version: number; readonly id: number }
  /** TLS shows this certificate to connections that begin from now on; it has been checked. */
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  /** Cookies are made and taken by these secrets from now on, the first makes them. */
  | { readonly kind: 'cookies'; readonly secrets: readonly Uint8Array[] }
  /** Serve these sockets; null: open the sockets. */
  | { readonly kind: 'listen'; readonly handed: readonly HandedSocket[] | null }
  /** All zones of a start are there. */
  | { readonly kind: 'collect' }
  /** Answer what has arrived, close, end. */
  | { readonly kind: 'stop' };

export type FromData =
  /** Everything up to `version` is in effect in this thread. */
  | { readonly kind: 'applied'; readonly version: number }
  | { readonly kind: 'listening'; readonly addresses: readonly ListenAddress[] }
  | {
      readonly kind: 'listenFailed';
      readonly transport: 'udp' | 'tcp';
      readonly address: string;
      readonly port: number;
      readonly code: string;
    }
  /** A programmer error that became a SERVFAIL. */
  | { readonly kind: 'fault'; readonly text: string }
  /** A source went over the rate limit. */
  | { readonly kind: 'limited'; readonly limited: Limited }
  /** A resolver reported an error to us as the agent. */
  | { readonly kind: 'report'; readonly report: ErrorReport }
  /** Somebody says that a child has new CDS records. */
  | { readonly kind: 'notified'; readonly child: Uint8Array }
  | { readonly kind: 'stopped' };
