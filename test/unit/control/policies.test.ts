/** Operations on policies over real zones: values, sums of waits, findings, and what-if. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatDuration } from '../../../src/base/time.ts';
import { OperationError } from '../../../src/control/operation.ts';
import type { ParamsIn } from '../../../src/control/operations.ts';
import { createPolicyHandlers } from '../../../src/control/policy-handlers.ts';
import { withValues } from '../../../src/control/policy-set.ts';
import { rolloversUnder } from '../../../src/control/policy-waits.ts';
import { POLICY_KEYS, policyValues } from '../../../src/control/policy-words.ts';
import { DEFAULT_POLICY, type Policy } from '../../../src/kasp/policy.ts';
import { policySchema } from '../../../src/store/config-schema.ts';
import { impossibilities } from '../../../src/store/policy-check.ts';
import { ALGORITHM } from '../../../src/wire/iana.ts';
import { callsOf } from '../../support/calls.ts';
import { ZonesBench, zoneText } from '../../support/zones-bench.ts';

const CSK = 'csk.example.';
const SPLIT = 'split.example.';
const [HOUR, DAY] = [3_600, 86_400];
const SPLIT_POLICY: Policy = { ...DEFAULT_POLICY, scheme: 'ksk-zsk', maxZoneTtl: 600 };

let bench: ZonesBench;
let handlers: ReturnType<typeof createPolicyHandlers>;
const { call, failureOf } = callsOf(() => handlers);

beforeEach(async () => {
  bench = new ZonesBench({ policies: { [SPLIT]: SPLIT_POLICY } });
  handlers = createPolicyHandlers(bench);
  bench.write('csk.example.zone', zoneText(1));
  bench.write('split.example.zone', zoneText(1, 'www 3600 IN A 192.0.2.1\n'));
  await bench.settle();
});
afterEach(() => bench.close());

describe('values of a policy', () => {
  it('are all that the configuration file may say', () => {
    const shape = (schema: object): string[] =>
      Object.entries((schema as { shape: Record<string, { unwrap(): object }> }).shape).flatMap(
        ([key, field]) => {
          const inner = field.unwrap();
          return 'shape' in inner ? shape(inner).map((name) => `${key}.${name}`) : [key];
        },
      );
    expect(POLICY_KEYS.toSorted()).toEqual(shape(policySchema).toSorted());
  });

  it('are told with default, origin and meaning, and whether the scheme uses them', () => {
    const values = new Map(policyValues(SPLIT_POLICY).map((value) => [value.key, value]));
    expect(values.get('scheme')).toMatchObject({ text: 'ksk-zsk', origin: 'set', fallback: 'csk' });
    expect(values.get('maxZoneTtl')).toMatchObject({
      text: '10m',
      value: 600,
      fallback: '1d',
      origin: 'set',
    });
    expect(values.get('dnskeyTtl')).toMatchObject({ text: '1h', origin: 'default' });
    expect(values.get('algorithm')).toMatchObject({ text: 'ECDSAP256SHA256', value: 13 });
    expect(values.get('lifetime.csk')).toMatchObject({ used: false, text: 'unlimited' });
    expect(values.get('lifetime.zsk')).toMatchObject({ used: true, text: '90d' });
    for (const { meaning, key } of values.values()) expect(meaning.length, key).toBeGreaterThan(15);
  });
});

describe('sums of waits', () => {
  const sums = (policy: Policy) => new Map(rolloversUnder(policy).map((one) => [one.type, one]));

  it('are those by which the configuration refuses lifetimes', () => {
    for (const ksk of ['additive', 'swap', 'double-ds'] as const) {
      const policy: Policy = {
        ...DEFAULT_POLICY,
        ...{ scheme: 'ksk-zsk', rollover: { ...DEFAULT_POLICY.rollover, ksk } },
        ...{
          publishSafety: 600,
          retireSafety: 1_200,
          propagation: 60,
          parent: { propagation: 300, dsTtl: 7_200 },
        },
      };
      const rollovers = sums(policy);
      for (const role of ['zsk', 'ksk'] as const) {
        const twice = 2 * rollovers.get(role)!.seconds;
        const lived = (seconds: number) =>
          impossibilities({ ...policy, lifetime: { ...policy.lifetime, [role]: seconds } });
        expect(lived(twice + 2 * policy.propagation + 2 * policy.dnskeyTtl), `${ksk} ${role}`).toEqual([]);
        expect(lived(twice - 1), `${ksk} ${role}`).toMatchObject([{ key: ['lifetime', role] }]);
      }
    }
  });

  it('add up from steps, each with its reason, and leave out what the parent takes', () => {
    const { csk, sign } = Object.fromEntries(sums(DEFAULT_POLICY)) as Record<
      string,
      ReturnType<typeof rolloversUnder>[0]
    >;
    expect(csk).toMatchObject({ method: 'additive', parentActs: 2 });
    expect(
      csk!.steps.map(({ step, seconds, parent }) => `${step} ${parent ? 'parent' : formatDuration(seconds)}`),
    ).toEqual([
      'publish 2h5m',
      'request parent',
      'soak 1d2h',
      'withdraw parent',
      'drain 1d2h',
      'remove 1h5m',
    ]);
    expect(csk!.seconds).toBe(csk!.steps.reduce((sum, { seconds }) => sum + seconds, 0));
    expect(csk!.steps[0]!.because).toBe('DNSKEY TTL 1h + propagation 5m + publishSafety 1h');
    expect(sign!.seconds).toBe(DAY + 300 + HOUR + (DAY + HOUR + HOUR));
  });

  it('are there for each kind that fits the scheme', () => {
    expect([...sums(DEFAULT_POLICY).keys()]).toEqual(['sign', 'csk', 'algorithm', 'scheme', 'insecure']);
    const split = ['sign', 'zsk', 'ksk', 'algorithm', 'scheme', 'insecure'];
    expect([...sums(SPLIT_POLICY).keys()]).toEqual(split);
  });
});

describe('policy show', () => {
  it('shows all policies, or one, with the zones that follow it', async () => {
    const { policies } = await call('policy.show', {});
    expect(policies.map(({ policy, zones }) => `${policy} ${zones}`)).toEqual(['default 1', `${SPLIT} 1`]);
    const one = await call('policy.show', { policy: SPLIT });
    expect(one.policies).toEqual([policies[1]]);
    const error = await failureOf('policy.show', { policy: 'defautl' });
    expect(error).toMatchObject({ kind: 'NO_SUCH_OBJECT', code: 'NO_SUCH_POLICY' });
    expect(error.message).toContain('did you mean "default"?');
  });
});

describe('policy check', () => {
  it('tells of zones that are not as their policy says', async () => {
    const { ok, policies } = await call('policy.check', {});
    expect(ok, 'warnings only').toBe(true);
    expect(policies[0]).toMatchObject({ policy: 'default', findings: [] });
    expect(policies[1]!.findings).toMatchObject([
      { severity: 'warning', code: 'POLICY_ZONE_TTL', zone: SPLIT },
    ]);
    expect(policies[1]!.findings[0]!.message).toBe('it has a TTL of 1h, over 10m: its rollovers take longer');
  });

  it('tells what only an order changes', async () => {
    const changed = { ...DEFAULT_POLICY, algorithm: ALGORITHM.ED25519, scheme: 'ksk-zsk' } as const;
    const { followersOf } = { followersOf: () => bench.zones.all().slice(0, 1) };
    expect(followersOf()[0]!.name).toBe(CSK);
    const { checkPolicy } = await import('../../../src/control/policy-check.ts');
    const zone = followersOf()[0]!;
    const follower = { name: zone.name, facts: zone.keeper.facts, state: zone.signing!.zoneState };
    const { findings } = checkPolicy('new', changed, [follower]);
    expect(findings.map(({ code }) => code)).toEqual(['POLICY_ZONE_ALGORITHM', 'POLICY_ZONE_SCHEME']);
    expect(findings[0]!.message).toContain(`keyturn rollover start ${CSK} --type algorithm --to ED25519`);
  });

  it('finds what cannot be', async () => {
    const { checkPolicy, isFine } = await import('../../../src/control/policy-check.ts');
    const verdict = checkPolicy(
      'short',
      { ...DEFAULT_POLICY, lifetime: { csk: DAY, ksk: DAY, zsk: DAY } },
      [],
    );
    expect(verdict.findings).toMatchObject([
      { severity: 'error', code: 'CONFIG_IMPOSSIBLE', key: 'lifetime.csk', zone: null },
    ]);
    expect(isFine([verdict])).toBe(false);
  });
});

describe('policy simulate', () => {
  it('shows a new zone going signed, and the rollovers of a year', async () => {
    const result = await call('policy.simulate', { subject: SPLIT });
    expect(result).toMatchObject({ policy: SPLIT, zone: null, zoneTtl: 600, parentDelay: HOUR, notes: [] });
    expect(result.rows[0]).toMatchObject({
      ...{
        step: null,
        dnskey: ['first KSK', 'first ZSK'],
        signers: ['first KSK'],
        zoneSigners: ['first ZSK'],
      },
      ...{ cds: [], ds: [], until: result.rows[1]!.at },
    });
    const counts = (type: string) => result.rollovers.filter((one) => one.type === type).length;
    expect([counts('zsk'), counts('ksk')]).toEqual([4, 1]);
    expect(result.rollovers.find(({ type }) => type === 'ksk')!.parentActs).toBe(2);
    result.rows.slice(1).forEach((row, index) => {
      expect(result.rows[index]!.until).toBe(row.at);
    });
    expect(result.rows.at(-1)!.until).toBeNull();
    expect(Date.parse(result.until) - Date.parse(result.from)).toBe(400 * DAY * 1_000);
  });

  it('takes what is set, in each way of writing it', async () => {
    const rollovers = async (set: string | string[]) => {
      const result = await call('policy.simulate', { subject: SPLIT, days: 360, set });
      return result.rollovers.filter(({ type }) => type === 'zsk').length;
    };
    expect(await rollovers('lifetime.zsk=30d')).toBe(12);
    expect(await rollovers('lifetime.zsk=30d,digests=2,4,parent.dsTtl=1h')).toBe(12);
    expect(await rollovers(['lifetime.zsk=unlimited', 'autoCancel=30d'])).toBe(0);
  });

  it('begins with the keys of a zone, and changes nothing', async () => {
    const zone = bench.zones.all().find(({ name }) => name === SPLIT)!;
    const before = JSON.stringify(zone.signing!.zoneState);
    const result = await call('policy.simulate', { subject: 'split.example' });
    expect(result).toMatchObject({ zone: SPLIT, policy: SPLIT, zoneTtl: HOUR });
    const [ksk, zsk] = zone.signing!.zoneState.keys.map(({ tag }) => tag);
    expect(result.rows[0]!.dnskey).toEqual([`KSK ${ksk}`, `ZSK ${zsk}`]);
    expect(result.rows.some(({ dnskey }) => dnskey.includes('new ZSK'))).toBe(true);
    expect(JSON.stringify(zone.signing!.zoneState)).toBe(before);
    const other = await call('policy.simulate', {
      subject: 'split.example',
      policy: 'default',
      set: 'maxZoneTtl=1h',
    });
    expect(other.policy).toBe('default');
    expect(other.notes).toEqual([
      `the keys stay ksk-zsk: keyturn rollover start ${SPLIT} --type scheme --to csk`,
      'maxZoneTtl changes no wait of a zone: its largest TTL does',
    ]);
  });

  it('says where it ends if it grows too long', async () => {
    const result = await call('policy.simulate', { subject: SPLIT, days: 3_650, set: 'lifetime.zsk=8d' });
    expect(result.rows).toHaveLength(400);
    expect(result.until).toBe(result.rows.at(-1)!.until);
    expect(result.notes).toEqual([`the table ends at ${result.until}, after 400 rows: ask for fewer days`]);
  });

  it('refuses what it cannot follow, and says why', async () => {
    const failed = async (params: ParamsIn<'policy.simulate'>) => {
      const { kind, code, message } = await failureOf('policy.simulate', params);
      return `${kind} ${code} ${message}`;
    };
    expect(await failed({ subject: 'nothing' })).toMatch(/^NO_SUCH_OBJECT NO_SUCH_POLICY/);
    expect(await failed({ subject: 'no.example' })).toMatch(/^NO_SUCH_OBJECT NO_SUCH_ZONE/);
    expect(await failed({ subject: CSK, policy: 'none' })).toMatch(/^NO_SUCH_OBJECT NO_SUCH_POLICY/);
    expect(await failed({ subject: 'default', policy: SPLIT })).toMatch(/^USAGE_WRONG TWO_POLICIES/);
    expect(await failed({ subject: SPLIT, set: 'lifetime.zsk=1h' })).toMatch(
      /^REFUSED CONFIG_IMPOSSIBLE .*lifetime\.zsk: 1h is under .* twice the waits of one rollover: publish/,
    );
  });
});

describe('--set', () => {
  const failure = (...set: string[]) => {
    try {
      withValues(DEFAULT_POLICY, set);
    } catch (error) {
      if (error instanceof OperationError) return `${error.code} ${error.message}`;
      throw error;
    }
    return undefined;
  };

  it('changes each value as the file would', () => {
    const changed = withValues(DEFAULT_POLICY, ['algorithm=ED25519', 'monitor.rounds=3', 'bootstrapHold=2d']);
    expect(changed).toEqual({
      ...{ ...DEFAULT_POLICY, algorithm: 15, bootstrapHold: 2 * DAY },
      monitor: { ...DEFAULT_POLICY.monitor, rounds: 3 },
    });
    expect(withValues(DEFAULT_POLICY, [])).toBe(DEFAULT_POLICY);
  });

  it('says what is wrong with a value', () => {
    expect(failure('lifetime.zks=30d')).toMatch(/^SET_WRONG .*did you mean "lifetime\.zsk"\?/);
    expect(failure('lifetime.zsk')).toMatch(/^SET_WRONG "lifetime\.zsk" is not like/);
    expect(failure('dnskeyTtl=soon')).toBe(
      'SET_WRONG dnskeyTtl: "soon" is no duration, write 90s, 5m, 1h, 7d or 1y',
    );
    expect(failure('algorithm=RSA')).toMatch(/^SET_WRONG algorithm: "RSA" is no algorithm/);
    expect(failure('digests=1')).toMatch(/^SET_WRONG digests: /);
    expect(failure('validity=1h')).toMatch(/^CONFIG_IMPOSSIBLE /);
  });
});
