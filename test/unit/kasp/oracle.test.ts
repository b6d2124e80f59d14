import { describe, expect, it } from 'vitest';
import { type UnixSeconds, unixSeconds } from '../../../src/base/time.ts';
import { contradictions, type OracleOptions, type Violation, violations } from '../../../src/kasp/oracle.ts';
import type { PublicationLogs } from '../../../src/kasp/zonestate.ts';

const NOW = unixSeconds(1_000_000);
const TTL = 3_600;
const ZONE_TTL = 7_200;
const DS_TTL = 86_400;
const CDS_TTL = 300;

const OPTIONS: OracleOptions = {
  algorithms: new Map([
    ['k', 13],
    ['s', 13],
    ['n', 13],
    ['m', 13],
    ['b', 15],
  ]),
  r: 0,
  rp: 0,
  isKeyStrict: true,
  mustBeSecure: true,
};

/** Served from `first` to `last` seconds from now; null: still. */
type During = readonly [first: number, last: number | null];
const EVER: During = [-900_000, null];

/** Ids, one letter each. */
const ids = (letters: string): string[] => [...letters];

function span([first, last]: During, ttl: number) {
  const at = (seconds: number): UnixSeconds => unixSeconds(NOW + seconds);
  return { first: at(first), last: last === null ? null : at(last), ttl };
}

const dnskey = (keys: string, signers: string, during = EVER) => ({
  ...span(during, TTL),
  keys: ids(keys),
  signers: ids(signers),
});
const zone = (signers: string, during = EVER) => ({ ...span(during, ZONE_TTL), signers: ids(signers) });
const ds = (keys: string, during = EVER, isConfirmed = true) => ({
  ...span(during, DS_TTL),
  keys: ids(keys),
  isConfirmed,
});
const cds = (keys: string, signers: string, during = EVER) => ({
  ...span(during, CDS_TTL),
  keys: ids(keys),
  isDelete: keys === '' && signers !== '',
  signers: ids(signers),
});

/** A zone with KSK k and ZSK s, long since signed, without CDS, with some logs replaced. */
function history(changed: Partial<PublicationLogs> = {}): PublicationLogs {
  const steady = { dnskey: [dnskey('ks', 'k')], zone: [zone('s')], ds: [ds('k')], cds: [cds('', '')] };
  return { ...steady, ...changed };
}

const judge = (logs: PublicationLogs, options: Partial<OracleOptions> = {}): Violation[] =>
  violations(logs, { ...OPTIONS, ...options }, NOW);

const properties = (found: readonly Violation[]): string[] => [
  ...new Set(found.map(({ property }) => property)),
];

describe('the oracle on a zone at rest', () => {
  it('finds nothing wrong with a signed zone', () => {
    expect(judge(history())).toEqual([]);
    expect(judge(history({ cds: [cds('k', 'k')] }))).toEqual([]);
  });

  it('finds a DS without its key, a chain without data and data without signatures', () => {
    expect(properties(judge(history({ ds: [ds('n')] })))).toContain('P1');
    expect(properties(judge(history({ dnskey: [dnskey('ks', 's')] })))).toContain('P1');
    expect(properties(judge(history({ dnskey: [dnskey('s', 'k')] })))).toContain('P1');
    expect(properties(judge(history({ zone: [zone('n')] })))).toContain('P1');
    expect(properties(judge(history({ zone: [zone('')] })))).toContain('P1');
  });

  it('lets a zone without DS be unsigned, or signed by whomever', () => {
    const unsigned = { dnskey: [dnskey('', '')], zone: [zone('')], ds: [ds('')], cds: [cds('', '')] };
    expect(judge(unsigned)).toEqual([]);
    const signedByOther = history({ ds: [ds('')], zone: [zone('', [-900_000, 0]), zone('m', [0, null])] });
    expect(properties(judge(signedByOther))).toEqual(['P6']);
  });
});

describe('the oracle on a ZSK rollover', () => {
  /** The switch from s to n at `at`, n having been published 2 h before now, and s removed at `removed`. */
  const rolled = (at: number, removed: number | null): PublicationLogs =>
    history({
      dnskey: [
        dnskey('ks', 'k', [-900_000, -7_200]),
        dnskey('ksn', 'k', [-7_200, removed]),
        ...(removed === null ? [] : [dnskey('kn', 'k', [removed, null])]),
      ],
      zone: [zone('s', [-900_000, at]), zone('n', [at, null])],
    });

  it('takes the switch once the DNSKEY RRset without the new key has expired', () => {
    expect(judge(rolled(-7_200 + TTL, null))).toEqual([]);
  });

  it('finds a switch one second too early, where its window is not over', () => {
    const early = history({
      dnskey: [dnskey('ks', 'k', [-900_000, 0]), dnskey('ksn', 'k', [0, null])],
      zone: [zone('s', [-900_000, TTL - 1]), zone('n', [TTL - 1, null])],
    });
    const found = judge(early);
    expect(properties(found)).toEqual(['P1']);
    expect(found[0]).toMatchObject({ from: NOW + TTL - 1, until: NOW + TTL });
    expect(found[0]?.versions.zone?.signers).toEqual(['n']);
    expect(found[0]?.versions.dnskey?.keys).toEqual(['k', 's']);
  });

  it('takes the removal one zone TTL after the switch, and finds it bogus a second before', () => {
    expect(judge(rolled(0, ZONE_TTL))).toEqual([]);
    expect(properties(judge(rolled(0, ZONE_TTL - 1)))).toEqual(['P1']);
    expect(properties(judge(rolled(0, 0)))).toEqual(['P1']);
  });

  it('adds the propagation that no acknowledgement covers', () => {
    expect(properties(judge(rolled(0, ZONE_TTL), { r: 300 }))).toEqual(['P1']);
    expect(judge(rolled(0, ZONE_TTL + 300), { r: 300 })).toEqual([]);
  });

  it('does not dig up what is over', () => {
    const past = rolled(-3_600, -3_540);
    const over = NOW - 3_600 + ZONE_TTL;
    expect(properties(violations(past, OPTIONS, unixSeconds(over - 1)))).toEqual(['P1']);
    expect(violations(past, OPTIONS, unixSeconds(over))).toEqual([]);
  });

  it('knows no end of a version that is still served', () => {
    const open = history({ zone: [zone('s'), zone('n', [0, null])] });
    expect(judge(open)).toMatchObject([
      { property: 'P1', from: NOW, until: null },
      { property: 'P6', from: NOW, until: null },
    ]);
  });
});

describe('the oracle on a KSK rollover', () => {
  /** n published long ago; DS k gives way to DS n, seen everywhere now; the DNSKEY of k leaves at `removed`. */
  const rolled = (removed: number): PublicationLogs =>
    history({
      dnskey: [dnskey('kns', 'kn', [-900_000, removed]), dnskey('ns', 'n', [removed, null])],
      ds: [ds('k', [-900_000, 0]), ds('n', [0, null])],
      cds: [cds('n', 'kn', [-100_000, removed]), cds('n', 'n', [removed, null])],
    });

  it('takes the removal of the old KSK one DS TTL after its DS', () => {
    expect(judge(rolled(DS_TTL))).toEqual([]);
    expect(properties(judge(rolled(DS_TTL - 1)))).toEqual(['P1']);
    expect(properties(judge(rolled(DS_TTL), { rp: 1 }))).toEqual(['P1']);
  });

  it('finds a DS that was asked for before all caches have its key', () => {
    const asked = history({
      dnskey: [dnskey('ks', 'k', [-900_000, -60]), dnskey('kns', 'kn', [-60, null])],
      ds: [ds('k'), ds('n', [0, null], false)],
      cds: [cds('n', 'kn', [0, null])],
    });
    const found = judge(asked);
    expect(properties(found)).toEqual(['P1', 'P7']);
    expect(found[0]).toMatchObject({ from: NOW, until: NOW - 60 + TTL });
    expect(found.at(-1)?.versions.cds?.keys).toEqual(['n']);
  });

  it('finds CDS that no key of the DNSKEY RRset signs, or none with a DS', () => {
    expect(properties(judge(history({ cds: [cds('k', 'n')] })))).toEqual(['P5']);
    const zsk = judge(history({ cds: [cds('k', 's')] }));
    expect(properties(zsk)).toEqual(['P5']);
    expect(zsk[0]?.versions.ds?.keys).toEqual(['k']);
  });

  it('finds a request to delete the DS that is not signed, and takes one that is', () => {
    const deletion = (signers: string) => history({ cds: [{ ...cds('', signers), isDelete: true }] });
    expect(judge(deletion('k'))).toEqual([]);
    expect(properties(judge(deletion('')))).toEqual(['P5']);
  });

  it('takes two DS of which the parent may have either', () => {
    const both = { dnskey: [dnskey('kns', 'kn')], cds: [cds('n', 'kn')] };
    expect(judge(history({ ...both, ds: [ds('k'), ds('n', [0, null], false)] }))).toEqual([]);
    const unsigned = judge(history({ ...both, cds: [cds('n', 'n')], ds: [ds('k'), ds('kn', [0, null])] }));
    expect(properties(unsigned)).toEqual(['P5']);
    expect(unsigned).toHaveLength(1);
  });
});

describe('the oracle on an algorithm rollover', () => {
  /** CSK k of 13 and CSK b of 15: b's data signatures, its DNSKEY and its DS from these instants on. */
  const added = (signed: number, published: number, asked: number): PublicationLogs => ({
    dnskey: [dnskey('k', 'kb', [-900_000, published]), dnskey('kb', 'kb', [published, null])],
    zone: [zone('k', [-900_000, signed]), zone('kb', [signed, null])],
    ds: [ds('k', [-900_000, asked]), ds('kb', [asked, null])],
    cds: [cds('', '')],
  });

  it('takes signatures first, then the key, then its DS', () => {
    expect(judge(added(0, ZONE_TTL, ZONE_TTL + TTL))).toEqual([]);
  });

  it('finds the key too early where signatures of its algorithm are not everywhere (P3)', () => {
    const found = judge(added(0, ZONE_TTL - 1, 200_000));
    expect(properties(found)).toEqual(['P3']);
    expect(found).toMatchObject([{ from: NOW + ZONE_TTL - 1, until: NOW + ZONE_TTL }]);
    expect(judge(added(0, ZONE_TTL - 1, 200_000), { isKeyStrict: false })).toEqual([]);
  });

  it('finds the DS too early where the key is not everywhere (P2)', () => {
    const found = judge(added(0, ZONE_TTL, ZONE_TTL + TTL - 1));
    expect(properties(found)).toEqual(['P2']);
    expect(found[0]?.versions.ds?.keys).toEqual(['k', 'b']);
  });

  it('finds an algorithm of the DS RRset that lacks its link, or its signatures', () => {
    const both = { ds: [ds('kb')], cds: [cds('', '')] };
    const link = { ...both, dnskey: [dnskey('kb', 'k')], zone: [zone('kb')] };
    expect(properties(judge(link))).toContain('P2');
    const signature = { ...both, dnskey: [dnskey('kb', 'kb')], zone: [zone('k')] };
    expect(properties(judge(signature))).toContain('P2');
    expect(judge({ ...both, dnskey: [dnskey('kb', 'kb')], zone: [zone('kb')] })).toEqual([]);
  });

  it('finds an epoch that does not sign with each of its algorithms (P6)', () => {
    const half = history({ dnskey: [dnskey('ksb', 'k')], ds: [ds('k')] });
    expect(properties(judge(half, { isKeyStrict: false }))).toEqual(['P6']);
    const unsignedKeys = history({ dnskey: [dnskey('ksb', 'k')], zone: [zone('sb')] });
    expect(properties(judge(unsignedKeys))).toEqual(['P6']);
  });
});

describe('the oracle on going signed and insecure', () => {
  /** Signed 1 h ago; a DS from `asked` on. */
  const signed = (asked: number): PublicationLogs => ({
    dnskey: [dnskey('', '', [-900_000, -3_600]), dnskey('k', 'k', [-3_600, null])],
    zone: [zone('', [-900_000, -3_600]), zone('k', [-3_600, null])],
    ds: [ds('', [-900_000, asked], false), ds('k', [asked, null])],
    cds: [cds('', '', [-900_000, asked]), cds('k', 'k', [asked, null])],
  });

  it('takes the DS once unsigned data has expired', () => {
    expect(judge(signed(-3_600 + ZONE_TTL))).toEqual([]);
    expect(properties(judge(signed(-3_600 + ZONE_TTL - 1)))).toEqual(['P1', 'P7']);
  });

  it('takes unsigned data one DS TTL after the last DS, not before', () => {
    const unsigned = (at: number): PublicationLogs => ({
      dnskey: [dnskey('k', 'k', [-900_000, at]), dnskey('', '', [at, null])],
      zone: [zone('k', [-900_000, at]), zone('', [at, null])],
      ds: [ds('k', [-900_000, 0]), ds('', [0, null])],
      cds: [cds('', 'k', [-900_000, at]), cds('', '', [at, null])],
    });
    expect(judge(unsigned(DS_TTL), { mustBeSecure: false })).toEqual([]);
    expect(properties(judge(unsigned(DS_TTL - 1), { mustBeSecure: false }))).toEqual(['P1']);
    expect(properties(judge(unsigned(DS_TTL), { mustBeSecure: true }))).toEqual(['P4']);
  });

  it('takes "no DS" of the time before the first DS', () => {
    expect(judge(history({ ds: [ds('', [-900_000, 0]), ds('k', [0, null])] }))).toEqual([]);
    const inVain = [ds('k', [-900_000, 0], false), ds('', [0, null])];
    expect(judge(history({ ds: inVain }))).toEqual([]);
  });
});

describe('what a change brings about', () => {
  const worse = (before: PublicationLogs, after: PublicationLogs): string[] =>
    properties(contradictions(before, after, OPTIONS, NOW));

  it('is what breaks a sound zone', () => {
    const sound = history();
    expect(worse(sound, sound)).toEqual([]);
    expect(worse(sound, { ...sound, dnskey: [...sound.dnskey, dnskey('ksn', 'k', [0, null])] })).toEqual([]);
    expect(worse(sound, { ...sound, dnskey: [...sound.dnskey, dnskey('ns', 'n', [0, null])] })).toEqual([
      'P1',
    ]);
    expect(worse(sound, { ...sound, zone: [...sound.zone, zone('', [0, null])] })).toContain('P1');
  });

  it('is not that a broken zone, which is repaired, is still broken', () => {
    const stale = history({ ds: [ds('n')] });
    const step = { ...stale, dnskey: [...stale.dnskey, dnskey('ksn', 'k', [0, null])] };
    const repaired = { ...stale, dnskey: [...stale.dnskey, dnskey('ksn', 'kn', [0, null])] };
    expect(properties(judge(step))).toContain('P1');
    expect(worse(stale, step)).toEqual([]);
    expect(worse(stale, repaired)).toEqual([]);
    const unsigned = { ...repaired, zone: [...stale.zone, zone('', [0, null])] };
    expect(worse(repaired, unsigned)).toContain('P1');
  });

  it('is that something broken for a while becomes broken for good', () => {
    const leaving = history({ ds: [ds('k'), ds('n', [-120, -60])] });
    const after = { ...leaving, ds: [...leaving.ds, ds('n', [0, null], false)] };
    expect(properties(judge(leaving))).toEqual(['P1']);
    expect(worse(leaving, leaving)).toEqual([]);
    expect(worse(leaving, after)).toEqual(['P1']);
  });
});
