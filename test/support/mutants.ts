/**
 * Mutants of `src/kasp` (ROLLOVER 6.4, 6.5): faults that the tests must notice. Each names the kinds of rollover whose
 * search (`model-kinds.ts`) it should break; the unit tests and the timelines of `test/golden/rollover` are asked next.
 *
 * The interval oracle is a second guard: it hides many faults of the first, as it should. Mutants with `isOracleOff`
 * disable it too, so that what is tested is the first guard.
 */
export interface Edit {
  readonly file: string;
  /** Occurs exactly once. */
  readonly find: string;
  readonly replace: string;
}

export interface Mutant {
  readonly name: string;
  readonly kinds: readonly string[];
  readonly edits: readonly Edit[];
  readonly isOracleOff?: boolean;
}

export const ORACLE_OFF: Edit = {
  file: 'next.ts',
  find: '  const refused = contradiction(state, run);',
  replace: '  const refused = null as ReturnType<typeof contradiction>;',
};

const timing = (find: string, replace: string): Edit => ({ file: 'timing.ts', find, replace });
const holds = (find: string, replace: string): Edit => ({ file: 'holds.ts', find, replace });
const edges = (find: string, replace: string): Edit => ({ file: 'edges.ts', find, replace });
const proof = (find: string, replace: string): Edit => ({ file: 'proof.ts', find, replace });
const versions = (find: string, replace: string): Edit => ({ file: 'versions.ts', find, replace });
const invariants = (find: string, replace: string): Edit => ({ file: 'invariants.ts', find, replace });

const DNSKEY_TTL = "{ name: 'DNSKEY TTL', seconds: version.ttl }";
const ZONE_TTL = "{ name: 'zone TTL', seconds: version.ttl }";
const SOONER_DNSKEY = timing(DNSKEY_TTL, "{ name: 'DNSKEY TTL', seconds: version.ttl - 1 }");
const SOONER_ZONE = timing(ZONE_TTL, "{ name: 'zone TTL', seconds: version.ttl - 1 }");
const SOONER_DS = timing("{ name: 'DS TTL', seconds: ttl }", "{ name: 'DS TTL', seconds: ttl - 1 }");

/** Each tight wait of 6.5, one second less. */
const TIGHT: readonly Mutant[] = [
  { name: 'ZSK 1: DNSKEY wait - 1', kinds: ['zsk'], edits: [SOONER_DNSKEY], isOracleOff: true },
  { name: 'ZSK 2: zone wait - 1', kinds: ['zsk'], edits: [SOONER_ZONE], isOracleOff: true },
  { name: 'CSK 4-5: zone wait - 1', kinds: ['csk additive'], edits: [SOONER_ZONE], isOracleOff: true },
  { name: 'KSK swap 1: DNSKEY wait - 1', kinds: ['ksk swap'], edits: [SOONER_DNSKEY], isOracleOff: true },
  { name: 'KSK swap drain: DS wait - 1', kinds: ['ksk swap'], edits: [SOONER_DS], isOracleOff: true },
  { name: 'double-DS: DNSKEY wait - 1', kinds: ['ksk double-ds'], edits: [SOONER_DNSKEY], isOracleOff: true },
  { name: 'double-DS: DS wait - 1', kinds: ['ksk double-ds'], edits: [SOONER_DS], isOracleOff: true },
  {
    name: 'conservative 1, 5: zone wait - 1',
    kinds: ['algorithm conservative'],
    edits: [SOONER_ZONE],
    isOracleOff: true,
  },
  {
    name: 'conservative 2: DNSKEY wait - 1',
    kinds: ['algorithm conservative'],
    edits: [SOONER_DNSKEY],
    isOracleOff: true,
  },
  {
    name: 'conservative 4: DS wait - 1',
    kinds: ['algorithm conservative'],
    edits: [SOONER_DS],
    isOracleOff: true,
  },
  { name: 'liberal 1: zone wait - 1', kinds: ['algorithm liberal'], edits: [SOONER_ZONE], isOracleOff: true },
  { name: 'liberal drain: DS wait - 1', kinds: ['algorithm liberal'], edits: [SOONER_DS], isOracleOff: true },
  {
    name: 'S1: unsigned wait - 1',
    kinds: ['sign'],
    edits: [
      timing(
        'const parts = [{ name, seconds: version.ttl }, propagationOf(policy), ...margin];',
        'const parts = [{ name, seconds: version.ttl - 1 }, propagationOf(policy), ...margin];',
      ),
    ],
    isOracleOff: true,
  },
  { name: 'I2: DS wait - 1', kinds: ['unsign'], edits: [SOONER_DS], isOracleOff: true },
  { name: 'split 1: DNSKEY wait - 1', kinds: ['split'], edits: [SOONER_DNSKEY], isOracleOff: true },
  { name: 'merge 1: zone wait - 1', kinds: ['merge'], edits: [SOONER_ZONE], isOracleOff: true },
];

/** Pairs of which either wait would do, both gone; and the clocks and TTLs that are easily mistaken. */
const WAITS: readonly Mutant[] = [
  {
    name: 'soak and drain of DS zeroed',
    kinds: ['ksk additive'],
    edits: [timing("{ name: 'DS TTL', seconds: ttl }", "{ name: 'DS TTL', seconds: 0 }")],
    isOracleOff: true,
  },
  {
    name: 'propagation left out',
    kinds: ['zsk'],
    edits: [
      timing(
        "return { name: 'propagation', seconds: policy.propagation };",
        "return { name: 'propagation', seconds: 0 * policy.propagation };",
      ),
    ],
    isOracleOff: true,
  },
  {
    name: 'DNSKEY TTL of what replaces, not of what is displaced',
    kinds: [],
    edits: [timing(DNSKEY_TTL, "{ name: 'DNSKEY TTL', seconds: policy.dnskeyTtl }")],
  },
  {
    name: 'zone TTL of what replaces; horizon from current records',
    kinds: ['zsk'],
    edits: [
      versions(
        'const ttlOfZone = Math.max(zoneTtl.horizon - now, zoneTtl.current);',
        'const ttlOfZone = facts.maxTtl;',
      ),
    ],
    isOracleOff: true,
  },
  {
    name: 'lowered TTL of data leaves no horizon',
    kinds: ['zsk'],
    edits: [
      versions(
        'horizon: isLowered ? latest(zoneTtl.horizon, plus(now, zoneTtl.current)) : zoneTtl.horizon,',
        'horizon: isLowered ? latest(zoneTtl.horizon, now) : zoneTtl.horizon,',
      ),
    ],
    isOracleOff: true,
  },
  {
    name: 'DS clock from the publication of CDS',
    kinds: ['ksk additive'],
    edits: [
      timing(
        'if (isOpen || from === null || seenAllAt === null || seenAllAt < from) {',
        'if (isOpen && seenAllAt === null && key.states.ds === null) {',
      ),
      timing('{ last: seenAllAt, parts:', '{ last: key.states.ds!.since, parts:'),
    ],
    isOracleOff: true,
  },
  {
    name: 'DNSKEY TTL in place of DS TTL',
    kinds: ['ksk swap'],
    edits: [
      timing("{ name: 'DS TTL', seconds: ttl }", "{ name: 'DS TTL', seconds: context.policy.dnskeyTtl }"),
    ],
    isOracleOff: true,
  },
  {
    name: 'no hold after a cancel',
    kinds: ['ksk swap slow'],
    edits: [
      proof(
        'isShort ? Math.min(policy.cdsHold, MAX_ADDITIVE_HOLD) : policy.cdsHold;',
        'isShort ? Math.min(0, MAX_ADDITIVE_HOLD) : 0;',
      ),
    ],
    isOracleOff: true,
  },
  {
    name: 'servers that have not acknowledged are not waited for',
    kinds: ['zsk'],
    edits: [
      timing('if (version.last === null) return UNACKNOWLEDGED;', 'if (version.last === null) continue;'),
    ],
    isOracleOff: true,
  },
];

/** What is seen at the parent before it lasts (`proof.ts`). */
const LOOKS: readonly Mutant[] = [
  {
    name: 'what is seen within the hold counts',
    kinds: ['ksk swap slow'],
    edits: [
      proof('return hold.end === null ? null : (Math.max(end, hold.end) as UnixSeconds);', 'return end;'),
    ],
    isOracleOff: true,
  },
  {
    name: 'a DS is gone though CDS with it can be had',
    kinds: ['ksk swap'],
    edits: [proof('cdsEnd(state, policy, ({ keys }) => keys.includes(key.id)),', 'AT_ONCE,')],
    isOracleOff: true,
  },
  {
    name: 'a DS is there to stay though CDS without it can be had',
    kinds: ['unsign'],
    edits: [proof('&& !keys.includes(key.id),', '&& !keys.includes(key.id) && keys.length < 0,')],
    isOracleOff: true,
  },
  {
    name: 'no hold of a DS that is asked for again',
    kinds: ['ksk swap slow'],
    edits: [
      proof(
        'return latest(end, cdsHoldOf(state, key, policy));',
        'return latest(end, cdsHoldOf(state, key, { ...policy, cdsHold: 0 }));',
      ),
    ],
    isOracleOff: true,
  },
  {
    name: 'no hold of a DS that was asked for before the zone goes unsigned',
    kinds: ['sign or not slow'],
    edits: [proof("(method === 'unsign' && dsObservation", "(method === 'swap' && dsObservation")],
    isOracleOff: true,
  },
];

/** The first guard: rules, gates, holds. */
const GUARDS: readonly Mutant[] = [
  {
    name: 'rule 1 always true',
    kinds: ['ksk swap'],
    edits: [
      invariants(
        "dsExists: context.isGoalInsecure || keys.some((key) => is(key, 'ds', 'RO')),",
        'dsExists: context.isGoalInsecure || keys.length >= 0,',
      ),
    ],
    isOracleOff: true,
  },
  {
    name: 'rule 2 always true',
    kinds: ['ksk swap'],
    edits: [invariants('chain: hasChain(ofAlgorithm),', 'chain: hasChain(ofAlgorithm) || true,')],
    isOracleOff: true,
  },
  {
    name: 'rule 3 always true',
    kinds: ['zsk'],
    edits: [
      invariants(
        'signatures: hasSignatures(ofAlgorithm),',
        'signatures: hasSignatures(ofAlgorithm) || true,',
      ),
    ],
    isOracleOff: true,
  },
  {
    name: 'gate of zrrsig dropped',
    kinds: ['zsk'],
    edits: [
      edges(
        "stateOf(key, 'dnskey') === 'omnipresent' || isFirstSigner(key, state.keys),",
        "stateOf(key, 'dnskey') !== null || isFirstSigner(key, state.keys),",
      ),
    ],
    isOracleOff: true,
  },
  {
    name: 'krrsig delayed until its DNSKEY is known',
    kinds: ['ksk additive'],
    edits: [
      edges(
        "isOpen: (key) => stateOf(key, 'dnskey') !== 'hidden',",
        "isOpen: (key) => stateOf(key, 'dnskey') === 'omnipresent',",
      ),
    ],
  },
  {
    name: 'DNSKEY leaves while its DS is known',
    kinds: ['ksk additive'],
    edits: [
      edges("isOpen: (key) => stateOf(key, 'ds') === 'hidden',", "isOpen: (key) => !isShown(key, 'ds'),"),
    ],
    isOracleOff: true,
  },
  {
    name: 'DNSKEY leaves while its signatures are known',
    kinds: ['zsk'],
    edits: [
      edges(
        "isOpen: (key) => stateOf(key, 'zrrsig') === 'hidden',",
        "isOpen: (key) => !isShown(key, 'zrrsig'),",
      ),
    ],
    isOracleOff: true,
  },
  {
    name: 'CDS signed by the new key only',
    kinds: ['ksk additive'],
    edits: [
      {
        file: 'records.ts',
        find: "return keys.filter((key) => isShown(key, 'krrsig') || (",
        replace:
          "const isNew = (key: Key) => !keys.some((one) => one.predecessor === key.id && isShown(one, 'krrsig'));\n" +
          "  return keys.filter((key) => (isShown(key, 'krrsig') && isNew(key)) || (",
      },
    ],
    isOracleOff: true,
  },
  {
    name: 'new algorithm: keys before signatures',
    kinds: ['algorithm conservative'],
    edits: [
      holds(
        "until: ({ incoming }) => areOmnipresent(incoming, 'krrsig', 'zrrsig'),",
        'until: ({ incoming }) => incoming.length >= 0,',
      ),
    ],
    isOracleOff: true,
  },
  {
    name: 'old algorithm: signatures leave before keys',
    kinds: ['algorithm conservative'],
    edits: [
      holds(
        "until: ({ outgoing }) => all(outgoing, 'dnskey', 'hidden'),",
        "until: ({ outgoing }) => all(outgoing, 'ds', 'hidden'),",
      ),
    ],
    isOracleOff: true,
  },
  {
    name: 'new algorithm: DS before signatures are known',
    kinds: ['algorithm liberal'],
    edits: [
      holds(
        "until: ({ incoming }) => areOmnipresent(incoming, 'dnskey', 'krrsig', 'zrrsig'),",
        "until: ({ incoming }) => areOmnipresent(incoming, 'dnskey', 'krrsig'),",
      ),
    ],
    isOracleOff: true,
  },
  {
    name: 'old DS asked to leave before the new one is known',
    kinds: ['algorithm conservative'],
    edits: [
      holds(
        "isDsWaived || isBack ? isRequested(plan) : all(incoming, 'ds', 'omnipresent');",
        "isDsWaived || isBack || isRequested(plan) ? isRequested(plan) : all(incoming, 'ds', 'omnipresent');",
      ),
    ],
    isOracleOff: true,
  },
  {
    name: 'a cancel is possible when the old key has left',
    kinds: ['zsk'],
    edits: [
      {
        file: 'cancel.ts',
        find: 'if (left === undefined) return undefined;',
        replace: 'if (left !== null) return undefined;',
      },
    ],
    isOracleOff: true,
  },
];

export const MUTANTS: readonly Mutant[] = [...TIGHT, ...WAITS, ...LOOKS, ...GUARDS];
