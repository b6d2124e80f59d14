/**
 * The keys of one zone at work: from key states to epochs. Order is everything here: keys are durable before they are
 * in the state, the state is durable before anything that follows from it is served.
 */
import type { FileStore, Random } from '../base/ports.ts';
import type { UnixSeconds } from '../base/time.ts';
import type { KeyObject } from '../dnssec/algorithm.ts';
import { dnskeyRdata, keyTag, readDnskey } from '../dnssec/dnskey.ts';
import { DIGEST_TYPE, type DigestType, dsRdata, isDeleteRequest } from '../dnssec/ds.ts';
import { compareRdata } from '../dnssec/rrsig.ts';
import { type EdgeTaken, next, type Waiting } from '../kasp/bootstrap.ts';
import type { Key } from '../kasp/key.ts';
import type { Policy } from '../kasp/policy.ts';
import { cdsSet, dnskeySet, dnskeySigners, zoneSigners } from '../kasp/records.ts';
import { buildEpoch, type Epoch, type EpochKey } from '../signer/epoch.ts';
import { openZoneKeys, type ZoneKeys, zoneKeysPath } from '../store/keystore.ts';
import { STATE_FILE } from '../store/state.ts';
import { formatName, type Name } from '../wire/name.ts';
import type { ZoneImage } from '../zone/image.ts';

/** What signing needs of the world. */
export interface SigningPorts {
  readonly files: FileStore;
  readonly random: Random;
  readonly keysDirectory: string;
  /** Sign also zones that come with keys of others. */
  readonly replaceKeys: boolean;
}

/** Keys of others in a zone file, as RDATA. */
export interface ForeignRecords {
  /** DNSKEY and CDNSKEY. */
  readonly foreignKeys: readonly Uint8Array[];
  readonly foreignCds: readonly Uint8Array[];
}

/** A zone that is signed by somebody else would break if we signed it with other keys (DESIGN §8). */
export class ForeignKeysError extends Error {
  override readonly name = 'ForeignKeysError';
  readonly code = 'ZONE_FOREIGN_KEYS';
  readonly fix: string;
  constructor(message: string, path: string) {
    super(message);
    this.fix = `put their K*.key and K*.private files into ${path}, or start with --replace-keys if no DS points to them`;
  }
}

export class ZoneSigning {
  readonly keys: ZoneKeys;
  readonly policy: Policy;
  readonly #origin: Name;
  readonly #ports: SigningPorts;
  readonly #privateKeys = new Map<string, KeyObject>();
  #waiting: readonly Waiting[] = [];
  #nextWake: UnixSeconds | null = null;

  private constructor(ports: SigningPorts, origin: Name, policy: Policy, keys: ZoneKeys) {
    this.#ports = ports;
    this.#origin = origin;
    this.policy = policy;
    this.keys = keys;
  }

  /**
   * Opens the keys of a zone, or makes them if there are none and the zone is nobody else's. Throws ForeignKeysError
   * and what `openZoneKeys` throws.
   */
  static open(
    ports: SigningPorts,
    zone: { readonly origin: Name; readonly policy: Policy },
    foreign: ForeignRecords,
    now: UnixSeconds,
  ): ZoneSigning {
    const { files, random, keysDirectory } = ports;
    const { origin, policy } = zone;
    if (!hasKeys(files, zoneKeysPath(keysDirectory, origin))) refuseForeign(ports, origin, foreign);
    const keys = openZoneKeys({ files, random, keysDirectory, origin, policy, now });
    const signing = new ZoneSigning(ports, origin, policy, keys);
    signing.check(foreign);
    return signing;
  }

  /** Throws ForeignKeysError if a zone file has keys that are not ours. */
  check(foreign: ForeignRecords): void {
    checkForeign(this.#ports, this.#origin, this.keys.zoneState.keys, foreign);
  }

  /** What the key states wait for. */
  get waiting(): readonly Waiting[] {
    return this.#waiting;
  }

  /** When the key states can change next by time alone. */
  get nextWake(): UnixSeconds | null {
    return this.#nextWake;
  }

  /** Takes every step that is due and makes it durable. Serve `build` after it; returns what changed. */
  advance(image: ZoneImage, now: UnixSeconds): readonly EdgeTaken[] {
    const before = this.keys.zoneState;
    const facts = { unsignedHorizonSeconds: image.maxTtl, negativeTtlSeconds: image.negativeTtl };
    const step = next(before, facts, this.policy, now);
    const isChanged = step.zoneState.keys.some((key, i) => key !== before.keys[i]);
    if (isChanged) this.keys.commit(step.zoneState);
    this.#waiting = step.waiting;
    this.#nextWake = step.nextWake;
    return step.actions;
  }

  /** The epoch that follows from the key states. Throws EpochError, ApexSignatureError or KeystoreError. */
  build(image: SharedArrayBuffer, previous: Epoch | undefined, now: UnixSeconds): Epoch {
    const { keys } = this.keys.zoneState;
    const { cds, cdnskey } = cdsSet(keys, this.#origin, this.policy);
    const content = {
      dnskey: dnskeySet(keys),
      cds,
      cdnskey,
      dnskeyTtl: this.policy.dnskeyTtl,
      cdsTtl: this.policy.cdsTtl,
      dnskeySigners: dnskeySigners(keys).map((key) => this.#epochKey(key)),
      zoneSigners: zoneSigners(keys).map((key) => this.#epochKey(key)),
      validity: this.policy.validity,
    };
    return buildEpoch(image, content, previous, now);
  }

  #epochKey(key: Key): EpochKey {
    let privateKey = this.#privateKeys.get(key.id);
    if (privateKey === undefined) {
      privateKey = this.keys.privateKey(key.id);
      this.#privateKeys.set(key.id, privateKey);
    }
    const { algorithm, tag, flags, publicKey } = key;
    return { algorithm, tag, flags, publicKey, privateKey };
  }
}

/** Throws ForeignKeysError if a zone without keys of ours comes with any: also unsigned it would break. */
export function refuseForeign(ports: SigningPorts, origin: Name, foreign: ForeignRecords): void {
  checkForeign(ports, origin, [], foreign);
}

/** Whether a directory of keys holds any, or the state of some. */
export function hasKeys(files: FileStore, path: string): boolean {
  if (files.stat(path) === undefined) return false;
  return files
    .list(path)
    .some((name) => name === STATE_FILE || /^K.*\.(?:key|private)(?:\.new)?$/.test(name));
}

function checkForeign(
  ports: SigningPorts,
  origin: Name,
  keys: readonly Key[],
  { foreignKeys, foreignCds }: ForeignRecords,
): void {
  if (ports.replaceKeys) return;
  const unknown = [
    ...foreignKeys.filter((rdata) => !isOurKey(keys, rdata)).map((rdata) => `key ${keyTag(rdata)}`),
    ...foreignCds.filter((rdata) => !isOurCds(keys, origin, rdata)).map((rdata) => `CDS ${tagOfDs(rdata)}`),
  ];
  if (unknown.length === 0) return;
  const path = zoneKeysPath(ports.keysDirectory, origin);
  const which = [...new Set(unknown)].slice(0, 4).join(', ');
  throw new ForeignKeysError(
    `${formatName(origin)} comes with keys of another signer (${which}); serving it without them could break it`,
    path,
  );
}

function isOurKey(keys: readonly Key[], rdata: Uint8Array): boolean {
  if (isDeleteRequest('CDNSKEY', rdata)) return true;
  const found = readDnskey(rdata);
  return keys.some(
    (key) => key.algorithm === found?.algorithm && compareRdata(key.publicKey, found.publicKey) === 0,
  );
}

function isOurCds(keys: readonly Key[], origin: Name, rdata: Uint8Array): boolean {
  if (isDeleteRequest('CDS', rdata)) return true;
  const digestType = rdata[3]! as DigestType;
  const isComparable = digestType === DIGEST_TYPE.SHA256 || digestType === DIGEST_TYPE.SHA384;
  return keys.some((key) => {
    if (key.tag !== tagOfDs(rdata) || key.algorithm !== rdata[2]) return false;
    const dnskey = dnskeyRdata(key.flags, key.algorithm, key.publicKey);
    return !isComparable || compareRdata(dsRdata(origin, dnskey, digestType), rdata) === 0;
  });
}

function tagOfDs(rdata: Uint8Array): number {
  return (rdata[0]! << 8) | rdata[1]!;
}
