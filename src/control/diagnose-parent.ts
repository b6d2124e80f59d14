/** What is wrong with the parent's view of a zone: its DS records, the servers that have them, DSYNC. Pure. */
import { formatDuration } from '../base/time.ts';
import { tagOfDs } from '../dnssec/ds.ts';
import { isShown, type Key, stateOf } from '../kasp/key.ts';
import type { Policy } from '../kasp/policy.ts';
import { dnskeyOf } from '../kasp/records.ts';
import type { Discovery } from '../parent/dsync.ts';
import type { Unknown, UnknownReason } from '../parent/judge.ts';
import type { Look, Sight } from '../parent/look.ts';
import { isDsOf } from '../parent/validate.ts';
import { formatName } from '../wire/name.ts';
import type { OwnZone } from './diagnose-facts.ts';
import type { DiagnosisFinding } from './diagnose-shapes.ts';

/** The keys of a zone, and the policy that they follow. */
export interface OwnKeys {
  readonly keys: readonly Key[];
  readonly policy: Policy;
}

/** Nobody finds the zone. */
const UNDELEGATED: readonly UnknownReason[] = ['PARENT_NO_NAME', 'PARENT_NOT_DELEGATED'];

/** Judges a look at the DS; DS records that fit no key are judged by health. */
export function dsFindings(
  look: Look | Unknown,
  own: OwnZone,
  signing: OwnKeys | undefined,
): DiagnosisFinding[] {
  if (look.kind === 'unknown') return [unseenFinding(look, own)];
  return [
    ...look.sights.flatMap((sight) => serverFindings(sight, own)),
    ...(signing === undefined || !own.isSigned ? unsignedFindings(look, own) : []),
    ...(signing === undefined || !own.isSigned ? [] : signedFindings(look, own, signing)),
  ];
}

/** A parent, or a delegation, of which nothing can be said. */
export function unseenFinding({ reason, text }: Unknown, { name }: OwnZone): DiagnosisFinding {
  const fix = UNDELEGATED.includes(reason)
    ? `have ${name} delegated to its name servers`
    : `keyturn explain ${reason}`;
  return {
    level: UNDELEGATED.includes(reason) ? 'critical' : 'warning',
    code: reason,
    evidence: `the parent of ${name}: ${text}`,
    fix,
  };
}

function serverFindings({ server, verdict }: Sight, { name }: OwnZone): DiagnosisFinding[] {
  if (verdict.kind === 'known') return [];
  const { reason, text } = verdict;
  const where = `${formatName(server.name)} ${server.address}, a server of the parent`;
  const level = UNDELEGATED.includes(reason) ? 'critical' : 'warning';
  const fix = UNDELEGATED.includes(reason)
    ? `have ${name} delegated to its name servers`
    : `tell whoever runs the parent zone; what it is: keyturn explain ${reason}`;
  return [{ level, code: reason, evidence: `${where}: ${text}`, fix }];
}

function unsignedFindings(look: Look, { name }: OwnZone): DiagnosisFinding[] {
  const tags = [...new Set(look.sights.flatMap((sight) => dsIn(sight).map(tagOfDs)))];
  if (tags.length === 0) return [];
  return [
    {
      level: 'critical',
      code: 'DIAGNOSE_DS_UNSIGNED',
      evidence: `${formatName(look.parent)} has DS records (${tags.join(', ')}), and ${name} is served unsigned`,
      fix: `have the DS removed, or sign the zone with the keys that they belong to: keyturn zone sign ${name}`,
    },
  ];
}

function signedFindings(look: Look, own: OwnZone, { keys, policy }: OwnKeys): DiagnosisFinding[] {
  const known = look.sights.filter(({ verdict }) => verdict.kind === 'known');
  const parent = formatName(look.parent);
  return [
    ...(look.isParentSecure ? [] : [insecureFinding(parent)]),
    ...keys.flatMap((key) => keyFindings(key, known, { own, parent })),
    ...ttlFindings(known, parent, policy),
  ];
}

function insecureFinding(parent: string): DiagnosisFinding {
  return {
    level: 'warning',
    code: 'DIAGNOSE_PARENT_INSECURE',
    evidence: `nothing that ${parent} says can be validated: no chain of trust leads there`,
    fix: `have ${parent} signed; until then validating resolvers take the zone for unsigned`,
  };
}

interface Place {
  readonly own: OwnZone;
  readonly parent: string;
}

/** One key's DS on the servers that say what they have. */
function keyFindings(key: Key, known: readonly Sight[], place: Place): DiagnosisFinding[] {
  if (key.states.ds === null) return [];
  const dnskey = dnskeyOf(key);
  const having = known.filter((sight) => dsIn(sight).some((ds) => isDsOf(ds, place.own.origin, dnskey)));
  if (!isShown(key, 'ds')) {
    // Before the first DS is asked for, one that fits is early, not wrong; of a key that is gone, health tells.
    const isLeft = key.goal === 'OUT' && isShown(key, 'dnskey') && having.length > 0;
    return isLeft ? [leftFinding(key, having, place)] : [];
  }
  if (having.length === known.length) return [];
  return [having.length === 0 ? missingFinding(key, place) : mixedFinding(key, known, having, place)];
}

function missingFinding(key: Key, { own, parent }: Place): DiagnosisFinding {
  const wasThere = stateOf(key, 'ds') === 'omnipresent';
  const since = wasThere ? 'it was there before' : 'the key waits for it';
  return {
    level: wasThere ? 'critical' : 'warning',
    code: 'DIAGNOSE_DS_MISSING',
    evidence: `no server of ${parent} has the DS of key ${key.tag}: ${since}`,
    fix: `hand it to the parent: keyturn ds ${own.name}`,
  };
}

function mixedFinding(
  { tag }: Key,
  known: readonly Sight[],
  having: readonly Sight[],
  { parent }: Place,
): DiagnosisFinding {
  const lacking = known.filter((sight) => !having.includes(sight)).map(({ server }) => server.address);
  const some = `${having.length} of ${known.length} servers of ${parent}`;
  return {
    level: 'warning',
    code: 'DIAGNOSE_DS_MIXED',
    evidence: `the DS of key ${tag} is on ${some}, not on ${lacking.join(', ')}`,
    fix: 'wait until its servers are alike; if they stay so, tell whoever runs the parent zone',
  };
}

function leftFinding({ tag }: Key, having: readonly Sight[], { own, parent }: Place): DiagnosisFinding {
  const where = having.map(({ server }) => server.address).join(', ');
  return {
    level: 'warning',
    code: 'DIAGNOSE_DS_LEFT',
    evidence: `${parent} has the DS of key ${tag}, which shall have none any longer, on ${where}`,
    fix: `have it removed once another one fits; those that shall stay: keyturn ds ${own.name}`,
  };
}

function ttlFindings(known: readonly Sight[], parent: string, { parent: rules }: Policy): DiagnosisFinding[] {
  const ttls = known.flatMap(({ verdict }) => (verdict.kind === 'known' ? [verdict.ttl] : []));
  const ttl = Math.max(0, ...ttls);
  if (ttl <= rules.dsTtl) return [];
  const [seen, thought] = [formatDuration(ttl), formatDuration(rules.dsTtl)];
  return [
    {
      level: 'warning',
      code: 'DIAGNOSE_DS_TTL',
      evidence: `the DS has a TTL of ${seen} at ${parent}, the policy reckons with ${thought}`,
      fix: `say in the policy: parent: { dsTtl: ${seen} }`,
    },
  ];
}

/** Judges where the parent wants to be told of new CDS records (RFC 9859). */
export function dsyncFindings(dsync: Discovery): DiagnosisFinding[] {
  if (dsync === 'several') {
    return [
      {
        level: 'warning',
        code: 'DIAGNOSE_DSYNC_SEVERAL',
        evidence: 'the parent has several DSYNC records for CDS with the scheme NOTIFY, so that none is used',
        fix: 'tell whoever runs the parent zone that it must have one',
      },
    ];
  }
  if (dsync !== 'none') return [];
  return [
    {
      level: 'ok',
      code: 'DIAGNOSE_DSYNC_MISSING',
      evidence: 'the parent has no DSYNC record: it cannot be told of new CDS records',
      fix: 'nothing need be done; if the parent does not look for CDS by itself, hand the DS over by hand',
    },
  ];
}

function dsIn({ verdict }: Sight): readonly Uint8Array[] {
  return verdict.kind === 'known' ? verdict.ds : [];
}
