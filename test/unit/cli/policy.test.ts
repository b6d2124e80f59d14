/** Policies and timelines on the command line, over a real control socket: what people read, JSON, exit codes, files. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../../src/cli/run.ts';
import { createPolicyHandlers } from '../../../src/control/policy-handlers.ts';
import { ControlServer, type Handlers } from '../../../src/control/server.ts';
import { createTimelineHandlers } from '../../../src/control/timeline-handlers.ts';
import { DEFAULT_POLICY } from '../../../src/kasp/policy.ts';
import { createLog } from '../../../src/ops/log.ts';
import { ALGORITHM } from '../../../src/wire/iana.ts';
import { type Captured, capturedRunner, runCaptured } from '../../support/captured.ts';
import { ZonesBench, zoneText } from '../../support/zones-bench.ts';

const ZONE = 'split.example.';
const ERROR_POLICY = 'short.example.';
const POLICY = { ...DEFAULT_POLICY, scheme: 'ksk-zsk', algorithm: ALGORITHM.ECDSAP384SHA384 } as const;

let bench: ZonesBench;
let server: ControlServer;
let socket: string;

beforeAll(async () => {
  const short = { ...DEFAULT_POLICY, lifetime: { ...DEFAULT_POLICY.lifetime, csk: 3_600 } };
  bench = new ZonesBench({ policies: { [ZONE]: POLICY, [ERROR_POLICY]: short } });
  bench.write('split.example.zone', zoneText(1, 'www 200000 IN A 192.0.2.1\n'));
  await bench.settle();
  const handlers = { ...createPolicyHandlers(bench), ...createTimelineHandlers(bench) };
  mkdirSync(bench.place.at('run'), { mode: 0o700 });
  socket = bench.place.at('run/control.sock');
  server = new ControlServer(
    socket,
    handlers as Handlers,
    createLog('fatal' as 'error', { isTerminal: false }),
  );
  await server.start();
});
afterAll(async () => {
  await server.stop();
  bench.close();
});

/** Runs `keyturn` with the server of this test. */
async function keyturn(...words: string[]): Promise<Captured> {
  const { runner, out, err } = capturedRunner();
  const code = await runCommandLine(['--control', socket, ...words], runner);
  return { code, out: out.join('\n'), err: err.join('\n') };
}

async function json(...words: string[]): Promise<{ code: number; value: Record<string, unknown> }> {
  const { code, out } = await keyturn('--json', ...words);
  const value = JSON.parse(out) as Record<string, unknown>;
  expect(value.schema_version).toBe(1);
  return { code, value };
}

describe('policy show', () => {
  it('shows values with default and meaning, and how long rollovers take', async () => {
    const { code, out, err } = await keyturn('policy', 'show', ZONE);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^policy split\.example\., followed by 1 zone\n {2}VALUE +IS +ORIGIN +MEANING\n/);
    expect(out).toMatch(/\n {2}scheme +ksk-zsk +set \(default: csk\) +csk: one key signs everything/);
    expect(out).toMatch(
      /\n {2}lifetime\.csk +unlimited +default +\(not with this scheme\) a CSK is replaced/,
    );
    expect(out).toMatch(/\n {4}new KSK +additive +2d7h10m +2 times\n/);
    expect(out).toMatch(
      /\n {2}new ZSK:\n {4}2h5m +new DNSKEY in all caches: DNSKEY TTL 1h \+ propagation 5m/,
    );
    expect(out).toMatch(/\n {4}parent +new DS at the parent\n/);
  });

  it('has a JSON form, and knows no policy that is not there', async () => {
    const { code, value } = await json('policy', 'show');
    expect(code).toBe(0);
    expect((value.policies as { policy: string }[]).map(({ policy }) => policy)).toEqual([
      'default',
      ZONE,
      ERROR_POLICY,
    ]);
    const missing = await keyturn('policy', 'show', 'splitt.example.');
    expect(missing.code).toBe(4);
    expect(missing.err).toMatch(
      /^error\[NO_SUCH_POLICY\]: .*did you mean "split\.example\."\?\n {2}fix: there are: default/,
    );
  });
});

describe('policy check', () => {
  it('ends with 1 if there is an error, and says where', async () => {
    const { code, out } = await keyturn('policy', 'check');
    expect(code).toBe(1);
    expect(out).toMatch(
      /^ok policy default: 0 errors, 0 warnings\n {2}takes at least: going signed 2d3h5m, new CSK/,
    );
    expect(out).toMatch(/\nwarn policy split\.example\., followed by 1 zone: 0 errors, 2 warnings\n/);
    expect(out).toMatch(/\n {2}warn algorithm: ECDSAP384SHA384 takes .* \[CONFIG_COSTLY\]\n/);
    expect(out).toMatch(
      /\n {2}warn split\.example\. maxZoneTtl: it has a TTL of 2d7h33m20s, over 1d: .* \[POLICY_ZONE_TTL\]\n/,
    );
    expect(out).toMatch(
      /\nerror policy short\.example\.: 1 error, .*\n.*\n {2}error lifetime\.csk: 1h is under .* \[CONFIG_IMPOSSIBLE\]$/,
    );
    const { code: again, value } = await json('policy', 'check', ERROR_POLICY);
    expect([again, value.ok]).toEqual([1, false]);
  });

  it('ends with 0 if there are warnings only', async () => {
    expect((await keyturn('policy', 'check', ZONE)).code).toBe(0);
    expect(await json('policy', 'check', 'default')).toMatchObject({ code: 0, value: { ok: true } });
  });
});

describe('policy simulate', () => {
  it('is a dated table that changes nothing', async () => {
    const { code, out } = await keyturn('policy', 'simulate', 'split.example', '--days', '100');
    expect(code).toBe(0);
    const lines = out.split('\n');
    expect(lines[0]).toMatch(/^split\.example\. under policy split\.example\., from .*; nothing is changed$/);
    expect(lines[1]).toMatch(/^FROM +STEP +DNSKEY +SIGNED BY +ZONE SIGNED BY +CDS +DS +UNTIL$/);
    expect(lines[2]).toMatch(/^\d{4}-\S+Z +- +KSK \d+, ZSK \d+ +KSK \d+ +ZSK \d+ +- +- +\d{4}-\S+Z$/);
    expect(out).toMatch(/\n {2}zsk: publish +DNSKEY TTL 1h \+ propagation 5m \+ publishSafety 1h\n/);
    expect(out).toMatch(/\n {2}1 zsk rollover; the parent acts 0 times for them; at most 3 keys at once\n/);
    expect(out).toContain('the largest TTL of the zone is 2d7h33m20s');
  });

  it('tells the reason of each kind of step once', async () => {
    const words = ['--days', '800', '--set', 'scheme=ksk-zsk', '--set', 'lifetime.ksk=100d'];
    const { out } = await keyturn('policy', 'simulate', 'default', ...words);
    expect(out).toMatch(/ 8 ksk rollovers/);
    expect(out.match(/^ {2}ksk: request .*$/gm)).toHaveLength(1);
    expect(out.match(/^ {2}zsk: switch .*$/gm)).toEqual([
      expect.stringMatching(/^ {2}zsk: switch +zone TTL 1d \+ propagation 5m \+ retireSafety 1h$/),
    ]);
  });

  it('takes --set more than once', async () => {
    const words = ['--set', 'lifetime.zsk=30d', '--set', 'digests=2,4', '--parent-delay', '2d'];
    const { code, value } = await json('policy', 'simulate', 'default', '--set', 'scheme=ksk-zsk', ...words);
    expect(code).toBe(0);
    expect(value).toMatchObject({
      ...{ policy: 'default', zone: null, parentDelay: 172_800 },
      set: ['scheme=ksk-zsk', 'lifetime.zsk=30d', 'digests=2,4'],
    });
    expect(
      (value.rollovers as { type: string }[]).filter(({ type }) => type === 'zsk').length,
    ).toBeGreaterThan(11);
  });

  it('refuses what cannot be, with the exit code of each reason', async () => {
    const fails = async (...words: string[]) => {
      const { code, err } = await keyturn('policy', 'simulate', ...words);
      return `${code} ${/^error\[(\w+)\]/.exec(err)?.[1]}`;
    };
    expect(await fails('none')).toBe('4 NO_SUCH_POLICY');
    expect(await fails('none.example')).toBe('4 NO_SUCH_ZONE');
    expect(await fails('default', '--set', 'lifetime.csk=1h')).toBe('5 CONFIG_IMPOSSIBLE');
    expect(await fails('default', '--set', 'nothing=1')).toBe('2 SET_WRONG');
    expect(await fails('default', '--policy', ZONE)).toBe('2 TWO_POLICIES');
    expect(await fails('default', '--days', '0')).toBe('2 BAD_PARAMETERS');
  });
});

describe('policies of a file', () => {
  const file = (text: string): string => {
    writeFileSync(bench.place.at('keyturn.yaml'), text);
    return bench.place.at('keyturn.yaml');
  };
  const GOOD =
    'policies:\n  fast: { scheme: ksk-zsk, lifetime: { zsk: 30d } }\nzones:\n  a.example: { policy: fast }\n';
  const BAD = 'policies:\n  fast: { scheme: ksk-zsk, lifetime: { zsk: 1h } }\n';

  it('are checked without a server, with line and column', async () => {
    const good = await runCaptured('policy', 'check', '--config', file(GOOD));
    expect(good).toMatchObject({ code: 0, err: '' });
    expect(good.out).toMatch(
      /\nok policy fast, followed by 1 zone: 0 errors, 0 warnings\n {2}takes at least: /,
    );
    const bad = await runCaptured('policy', 'check', '--config', file(BAD));
    expect(bad.code).toBe(1);
    expect(bad.out).toMatch(
      /keyturn\.yaml:2:\d+: error: lifetime\.zsk: 1h is under .* \[CONFIG_IMPOSSIBLE\]/,
    );
    expect(bad.out).toMatch(
      /\nerror policy fast: 1 error, 0 warnings\n {2}takes at least: .*new ZSK 1d4h15m/,
    );
    const told = JSON.parse((await runCaptured('--json', 'policy', 'check', '--config', file(BAD))).out);
    expect(told).toMatchObject({
      ...{ schema_version: 1, ok: false, diagnostics: [{ code: 'CONFIG_IMPOSSIBLE', line: 2 }] },
      policies: [{ policy: 'default' }, { policy: 'fast', findings: [{ key: 'lifetime.zsk' }] }],
    });
  });

  it('of another shape are none', async () => {
    const { code, out } = await runCaptured(
      'policy',
      'check',
      '--config',
      file('policies: { fast: { scheem: csk } }\n'),
    );
    expect(code).toBe(1);
    expect(out).toMatch(/unknown key "scheem", did you mean "scheme"\? \[CONFIG_UNKNOWN_KEY\]/);
    const missing = await runCaptured('policy', 'check', '--config', bench.place.at('nothing.yaml'));
    expect(missing).toMatchObject({ code: 2, out: '' });
    expect(missing.err).toMatch(/^error\[CONFIG_UNREADABLE\]/);
  });

  it('are shown and simulated too, unless the file has errors', async () => {
    const shown = JSON.parse(
      (await runCaptured('--json', 'policy', 'show', 'fast', '--config', file(GOOD))).out,
    );
    expect(shown).toMatchObject({ schema_version: 1, policies: [{ policy: 'fast', zones: 1 }] });
    const simulated = await runCaptured(
      'policy',
      'simulate',
      'fast',
      '--config',
      file(GOOD),
      '--set',
      'dnskeyTtl=2h',
    );
    expect(simulated.code).toBe(0);
    expect(simulated.out).toMatch(/^a new zone under policy fast with dnskeyTtl=2h, from /);
    const broken = await runCaptured('policy', 'simulate', 'fast', '--config', file(BAD));
    expect(broken.code).toBe(1);
    expect(broken.err).toMatch(
      /error\[CONFIG_WRONG\]: .* has errors\n {2}fix: keyturn policy check --config/,
    );
  });
});

describe('timeline', () => {
  it('is drawn in the terminal, and given as JSON', async () => {
    const { code, out, err } = await keyturn('timeline', 'split.example');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^split\.example\. {2}policy split\.example\., from /);
    expect(out).toMatch(/\nKSK \d+ +.*#/);
    expect(out).toMatch(/\nplanned:\n {2}\d{4}-\S+Z +DS \d+ is asked for at the parent/);
    const { value } = await json('timeline', ZONE, '--days', '3', '--past', '1');
    expect(value).toMatchObject({ zone: ZONE, lanes: expect.any(Array), now: expect.any(String) });
    expect(await keyturn('timeline', 'none.example')).toMatchObject({ code: 4, out: '' });
  });

  it('is written as SVG into a file, or printed', async () => {
    const file = bench.place.at('keys.svg');
    expect(await keyturn('timeline', ZONE, '--svg', file)).toEqual({
      code: 0,
      out: '',
      err: `wrote ${file}`,
    });
    const text = readFileSync(file, 'utf8');
    expect(text).toMatch(/^<svg xmlns=[\s\S]*<\/svg>\n$/);
    const printed = await keyturn('timeline', ZONE, '--svg', '-');
    expect(printed.out).toMatch(/^<svg xmlns=/);
    const lost = await keyturn('timeline', ZONE, '--svg', bench.place.at('nowhere/keys.svg'));
    expect(lost.code).toBe(1);
    expect(lost.err).toMatch(/^error\[SVG_UNWRITTEN\]: the picture cannot be written: ENOENT/);
  });
});
