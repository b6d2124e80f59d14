/**
 * The three safety invariants (ROLLOVER 1.4): a DS exists, every DS leads to a DNSKEY RRset that it can verify, and
 * the zone's data is signed by keys that caches have. A move is judged with its effect applied: it may break no rule
 * that holds, and it may withdraw nothing while a rule is broken.
 *
 * This is the first guard, by states. The second, by what was published, is `oracle.ts`; the two share no code.
 */
import { type Key, type RecordKind, type RecordState, stateOf } from './key.ts';
import { isSuccessor } from './succession.ts';

/** What is known of the parent and wanted of the zone. */
export interface RuleContext {
  /** The parent has no DS of the zone: nobody validates it, so every DS counts as hidden and none is missed. */
  readonly isDsWaived: boolean;
  /** The zone is to become insecure: that no DS exists is then what is wanted. */
  readonly isGoalInsecure: boolean;
}

export interface Rules {
  /** Rule 1, over all keys. */
  readonly dsExists: boolean;
  /** Rule 2, over the keys of one algorithm: a DNSKEY chain exists. */
  readonly chain: boolean;
  /** Rule 3, over the keys of one algorithm: signatures exist. */
  readonly signatures: boolean;
}

/** An edge of one record of a key. */
export interface Move {
  readonly key: Pick<Key, 'algorithm'>;
  readonly record: RecordKind;
  readonly to: RecordState;
}

const RULES = ['dsExists', 'chain', 'signatures'] as const;

/** The invariants in the states of `keys`, rules 2 and 3 for one algorithm. */
export function rulesHold(keys: readonly Key[], algorithm: number, context: RuleContext): Rules {
  if (context.isDsWaived) return { dsExists: true, chain: true, signatures: true };
  const ofAlgorithm = keys.filter((key) => key.algorithm === algorithm);
  return {
    dsExists: context.isGoalInsecure || keys.some((key) => is(key, 'ds', 'RO')),
    chain: hasChain(ofAlgorithm),
    signatures: hasSignatures(ofAlgorithm),
  };
}

/**
 * Whether moves that take effect together are safe: per rule and per algorithm that moves, `before ⇒ after`. A rule
 * that is already broken does not stop repairs, but a move into unretentive.
 */
export function isAcceptable(
  before: readonly Key[],
  after: readonly Key[],
  moved: readonly Move[],
  context: RuleContext,
): boolean {
  const withdraws = moved.some((move) => move.to === 'unretentive');
  for (const algorithm of new Set(moved.map((move) => move.key.algorithm))) {
    const was = rulesHold(before, algorithm, context);
    const will = rulesHold(after, algorithm, context);
    if (RULES.some((rule) => !will[rule] && (was[rule] || withdraws))) return false;
  }
  return true;
}

/** Rule 2: 3b, 3c, 3d or 3e. */
function hasChain(keys: readonly Key[]): boolean {
  return (
    keys.some((key) => hasOmnipresentKey(key) && is(key, 'ds', 'O')) ||
    hasPair(keys, isLeavingDs, isComingDs) ||
    hasPair(keys, isLeavingDnskey, isComingDnskey) ||
    keys.every((key) => is(key, 'ds', 'H') || hasOmnipresentKey(key))
  );
}

/** Rule 3: all DS of the algorithm hidden, 3f, 3g, 3h or 3i. */
function hasSignatures(keys: readonly Key[]): boolean {
  return (
    keys.every((key) => is(key, 'ds', 'H')) ||
    keys.some((key) => is(key, 'dnskey', 'O') && is(key, 'zrrsig', 'O')) ||
    hasPair(keys, signs('U', 'O'), signs('R', 'O')) ||
    hasPair(keys, signs('O', 'U'), signs('O', 'R')) ||
    keys.every((key) => is(key, 'dnskey', 'H') || keys.some((other) => signsInPlaceOf(other, key)))
  );
}

/** 3i: whoever has the DNSKEY RRset with `key`, or without it, has `other` alike, and signatures of that. */
function signsInPlaceOf(other: Key, key: Key): boolean {
  return stateOf(other, 'dnskey') === stateOf(key, 'dnskey') && is(other, 'zrrsig', 'O');
}

function hasOmnipresentKey(key: Key): boolean {
  return is(key, 'dnskey', 'O') && is(key, 'krrsig', 'O');
}

function isLeavingDs(key: Key): boolean {
  return hasOmnipresentKey(key) && is(key, 'ds', 'U');
}

function isComingDs(key: Key): boolean {
  return hasOmnipresentKey(key) && is(key, 'ds', 'R');
}

/** 3d leaves out O/O on either side: with its DS omnipresent, such a key is 3b. */
function isLeavingDnskey(key: Key): boolean {
  return is(key, 'ds', 'O') && is(key, 'dnskey', 'UO') && is(key, 'krrsig', 'UO');
}

function isComingDnskey(key: Key): boolean {
  return is(key, 'ds', 'O') && is(key, 'dnskey', 'RO') && is(key, 'krrsig', 'RO');
}

function signs(dnskey: string, zrrsig: string): (key: Key) => boolean {
  return (key) => is(key, 'dnskey', dnskey) && is(key, 'zrrsig', zrrsig);
}

/** True if a key that matches `leaves` is replaced by one that matches `comes`. */
function hasPair(keys: readonly Key[], leaves: (key: Key) => boolean, comes: (key: Key) => boolean): boolean {
  const coming = keys.filter(comes);
  return coming.length > 0 && keys.filter(leaves).some((x) => coming.some((z) => isSuccessor(keys, x, z)));
}

const LETTER: Readonly<Record<RecordState, string>> = {
  hidden: 'H',
  rumoured: 'R',
  omnipresent: 'O',
  unretentive: 'U',
};

/** True if a record is in one of the states, named by their letters. */
function is(key: Key, record: RecordKind, letters: string): boolean {
  return letters.includes(LETTER[stateOf(key, record)]);
}
