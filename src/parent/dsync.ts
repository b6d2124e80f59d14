/**
 * Where a parent wants to be told of new CDS records (RFC 9859): the DSYNC record for the child, else the one for all
 * children. What is found is a hint; nothing is believed because of it.
 */
import type { UnixSeconds } from '../base/time.ts';
import { RRTYPE } from '../wire/iana.ts';
import { concatLabel, labelCount, lowerName, type Name, suffixOffset } from '../wire/name.ts';
import type { ParentFinder } from './finder.ts';
import type { Unknown } from './judge.ts';

/** Whom to tell. */
export interface NotifyTarget {
  readonly host: Name;
  readonly port: number;
}

/** The scheme NOTIFY (RFC 9859 §2.1). */
const SCHEME_NOTIFY = 1;
const TARGET_AT = 5;

/** What there is of a target: one, none, or several for one purpose, which is an error of the parent. */
export type Discovery = NotifyTarget | 'none' | 'several' | Unknown;

/** Asks the parent of `child` where it is to be told of CDS (RFC 9859 §4.1). */
export async function findNotifyTarget(
  finder: ParentFinder,
  child: Name,
  now: UnixSeconds,
): Promise<Discovery> {
  const parent = await finder.parentOf(child, now);
  if ('kind' in parent) return parent;
  // `_dsync` may be a zone of its own, what is below it is not.
  const zoneLabels = labelCount(parent.apex) + 1;
  for (const name of namesFor(lowerName(child), parent.apex)) {
    const rrset = await finder.hintAt(name, RRTYPE.DSYNC, zoneLabels, now);
    if (rrset === null) continue;
    if ('kind' in rrset) return rrset;
    const targets = rrset.rdatas.flatMap(targetOf);
    if (targets.length > 1) return 'several';
    return targets[0] ?? 'none';
  }
  return 'none';
}

/** `child._dsync.parent`, with all labels of the child, then `_dsync.parent`. */
function namesFor(child: Name, parent: Name): Name[] {
  const base = concatLabel(Buffer.from('_dsync'), parent);
  if (base === undefined) return [];
  const own = labelCount(child) - labelCount(parent);
  const prefix = child.subarray(0, suffixOffset(child, own));
  const special = Uint8Array.from(Buffer.concat([prefix, base]));
  return special.length > 255 ? [base] : [special, base];
}

/** `type u16 | scheme u8 | port u16 | target`. */
function targetOf(rdata: Uint8Array): NotifyTarget[] {
  const type = (rdata[0]! << 8) | rdata[1]!;
  const port = (rdata[3]! << 8) | rdata[4]!;
  if (type !== RRTYPE.CDS || rdata[2] !== SCHEME_NOTIFY || port === 0) return [];
  return [{ host: rdata.subarray(TARGET_AT), port }];
}
