/** EDNS and class CHAOS over real sockets, asked by dig; secrets that are rolled while the server runs. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import { dig } from '../support/dig.ts';
import { describeWithPeers } from '../support/peers.ts';
import { Workplace } from '../support/processes.ts';

const [OLD, NEW] = ['445536bcd2513298075a5d379663c962', 'dd3bdf9344b678b185a6f5cb60fca715'];
const CLIENT = '2464c4abcf10c957';
const ZONE = `$TTL 60
@ SOA ns hostmaster 1 3600 600 86400 60
@ NS ns
ns A 192.0.2.1
*._er.agent TXT "report received"
`;
const CONFIGURATION = `cookies: { mode: require, secretFile: secrets }
identity: { nsid: ams1, version: Keyturn, hostname: ns1.example.net }
reportAgent: agent.example.com
tcp: { idle: 12s }
`;

describeWithPeers(['dig'], 'a server that tells of itself', () => {
  const workplace = new Workplace();
  let daemon: Daemon;
  const write = (...secrets: readonly string[]) =>
    writeFileSync(workplace.at('secrets'), `${secrets.join('\n')}\n`, { mode: 0o600 });
  const ask = (...options: string[]) => dig(daemon.port, 'ns.example.com', 'A', ...options);
  /** The COOKIE option as dig shows it. */
  const cookieOf = ({ text }: { text: string }) => /COOKIE: ([0-9a-f]+)/.exec(text)?.[1] ?? '';

  /** Replaces the secrets and waits until they are in use. */
  async function roll(...secrets: readonly string[]): Promise<void> {
    const count = daemon.log.filter(({ msg }) => /secrets? read/.test(msg)).length;
    write(...secrets);
    daemon.process.signal('SIGHUP');
    await expect
      .poll(() => daemon.log.filter(({ msg }) => /secrets? read/.test(msg)).length, { timeout: 10_000 })
      .toBe(count + 1);
  }

  beforeAll(async () => {
    write(OLD!);
    daemon = await Daemon.start({
      workplace,
      zones: { 'example.com.zone': ZONE },
      configuration: CONFIGURATION,
    });
  });

  afterAll(async () => {
    await daemon.stop();
    workplace.remove();
  });

  it('demands its cookie, which dig then sends', async () => {
    const first = await ask(`+cookie=${CLIENT}`, '+nobadcookie');
    expect(first.status).toBe('BADCOOKIE');
    expect(cookieOf(first)).toMatch(new RegExp(`^${CLIENT}01000000`));
    const retried = await ask(`+cookie=${CLIENT}`);
    expect(retried).toMatchObject({ status: 'NOERROR', flags: ['qr', 'aa'] });
    expect(retried.text).toContain('(good)');
    expect((await ask('+nocookie')).status).toBe('NOERROR');
    expect((await ask(`+cookie=${CLIENT}`, '+nobadcookie', '+tcp')).status).toBe('NOERROR');
  });

  it('takes cookies of the old secret while it is rolled', async () => {
    const old = cookieOf(await ask(`+cookie=${CLIENT}`, '+nobadcookie'));
    await roll(NEW!, OLD!);
    const during = await ask(`+cookie=${old}`, '+nobadcookie');
    expect(during.status).toBe('NOERROR');
    const renewed = cookieOf(during);
    expect(renewed).not.toBe(old);
    await roll(NEW!);
    expect((await ask(`+cookie=${old}`, '+nobadcookie')).status).toBe('BADCOOKIE');
    expect((await ask(`+cookie=${renewed}`, '+nobadcookie')).status).toBe('NOERROR');
    await roll(OLD!);
  });

  it('stays with its secrets if the file is wrong', async () => {
    const cookie = cookieOf(await ask(`+cookie=${CLIENT}`, '+nobadcookie'));
    write('no secret');
    daemon.process.signal('SIGHUP');
    await daemon.waitForLog(/COOKIE_SECRETS/);
    expect((await ask(`+cookie=${cookie}`, '+nobadcookie')).status).toBe('NOERROR');
  });

  it('tells NSID, the agent for reports, and how long a connection may be idle', async () => {
    const { text } = await ask('+nsid', '+nocookie');
    expect(text).toContain('("ams1")');
    expect(text).toMatch(/OPT=18: 05 61 67 65 6e 74/);
    expect((await ask('+keepalive', '+nocookie', '+tcp')).text).toMatch(/TCP[- ]KEEPALIVE: 12\.0 secs/i);
    expect((await ask('+keepalive', '+nocookie')).text).not.toMatch(/KEEPALIVE:/);
    expect((await ask('+ednsopt=65001:abcd', '+nocookie')).status).toBe('NOERROR');
  });

  it('takes in what resolvers report to it as the agent, and shows it on the zone', async () => {
    const report = '_er.28.ns.example.com.9._er.agent.example.com';
    const sent = await dig(daemon.port, report, 'TXT', '+nocookie', '+tcp');
    expect(sent.text).toContain('report received');
    const shown = async () => (await daemon.keyturn('zone', 'show', 'example.com')).stdout;
    await expect
      .poll(shown)
      .toMatch(/reported +AAAA of ns\.example\.com\. failed, extended error 9, 1 times/);
  });

  it.each([
    ['version.bind', '"Keyturn"'],
    ['version.server', '"Keyturn"'],
    ['hostname.bind', '"ns1.example.net"'],
    ['id.server', '"ns1.example.net"'],
  ])('answers %s in class CH', async (name, rdata) => {
    const { status, text } = await dig(daemon.port, name, 'TXT', '-c', 'CH');
    expect(status).toBe('NOERROR');
    expect(text).toContain(rdata);
  });

  it('says why it refuses', async () => {
    expect((await dig(daemon.port, 'elsewhere.example', 'A', '+nocookie')).text).toMatch(/EDE: 20/);
    expect((await dig(daemon.port, 'authors.bind', 'TXT', '-c', 'CH', '+nocookie')).text).toMatch(/EDE: 20/);
  });
});
