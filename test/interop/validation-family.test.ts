/**
 * Parent and child on one server, and keys that were made elsewhere: example.com vouches for the key of RFC 6605 §6.1
 * at secure.example.com; that key is dropped in as BIND files and adopted. A resolver that trusts only the parent must
 * follow the chain; an unsigned grandchild stays insecure, a child that uses another key than its DS says is bogus.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RRTYPE } from '../../src/wire/iana.ts';
import { nameOf } from '../../src/wire/name.ts';
import type { Answer } from '../support/asker.ts';
import { Daemon, foldersOf } from '../support/daemon.ts';
import { dig } from '../support/dig.ts';
import { type Surroundings, startSurroundings, writePublishedKey } from '../support/named.ts';
import { describeWithPeers } from '../support/peers.ts';
import { Workplace } from '../support/processes.ts';
import { ROOT_FOLDER } from '../support/sources.ts';
import { Unbound } from '../support/unbound.ts';

const CHILD = 'secure.example.com.';
const IDN_CHILD = 'secure.xn--bcher-kva.example.';
const PARENTS = ['example.com.', 'xn--bcher-kva.example.'];

function childZone(origin: string): string {
  return [
    '$TTL 300',
    `${origin} IN SOA ns.${origin} hostmaster.${origin} 1 3600 600 86400 60`,
    `${origin} IN NS ns.${origin}`,
    `ns.${origin} IN A 192.0.2.129`,
    `www.${origin} IN A 192.0.2.130`,
    `*.any.${origin} IN TXT "wildcard"`,
    `grandchild.${origin} IN NS ns.${origin}`,
    '',
  ].join('\n');
}

describeWithPeers(['unbound', 'named', 'dig', 'dnssec-signzone'], 'parent and child on one server', () => {
  const workplace = new Workplace();
  let daemon: Daemon;
  let unbound: Unbound;
  let surroundings: Surroundings;

  beforeAll(async () => {
    const zones = Object.fromEntries(
      PARENTS.map((origin) => [
        `${origin}zone`,
        readFileSync(join(ROOT_FOLDER, 'zones', `${origin}zone`), 'latin1'),
      ]),
    );
    for (const origin of [CHILD, IDN_CHILD]) zones[`${origin}zone`] = childZone(origin);
    const keys = join(foldersOf(workplace).keys, CHILD.slice(0, -1));
    mkdirSync(keys, { recursive: true, mode: 0o700 });
    writePublishedKey(CHILD, keys);
    daemon = await Daemon.start({ workplace, zones });
    const anchors = await Promise.all(
      PARENTS.map(async (origin) => {
        const { answer } = await dig(daemon.port, origin, 'DNSKEY');
        return `${origin} 3600 IN DNSKEY ${answer.find(({ type }) => type === 'DNSKEY')?.rdata}`;
      }),
    );
    surroundings = await startSurroundings([], [`grandchild.${CHILD}`], workplace);
    const served = [...PARENTS, CHILD, IDN_CHILD].map((origin) => ({ origin, port: daemon.port }));
    unbound = await Unbound.start(
      { stubs: [...served, ...surroundings.stubs], trustAnchors: anchors },
      workplace,
    );
  });

  afterAll(async () => {
    await Promise.all([unbound?.stop(), surroundings?.named.stop(), daemon?.stop()]);
    workplace.remove();
  });

  const ask = (name: string, type: number): Promise<Answer> =>
    unbound.asker.ask({ name: nameOf(name), type });

  it('adopts the key that was dropped in and makes none', async () => {
    const { answer } = await dig(daemon.port, CHILD, 'DNSKEY');
    expect(answer.map(({ rdata }) => rdata.replaceAll(' ', ''))).toEqual([
      '257313GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==',
    ]);
  });

  it('is secure below a parent that vouches for it', async () => {
    for (const [name, type, rcode] of [
      [`www.${CHILD}`, RRTYPE.A, 0],
      [`www.${CHILD}`, RRTYPE.MX, 0],
      [`nothing.${CHILD}`, RRTYPE.A, 3],
      [`some.any.${CHILD}`, RRTYPE.TXT, 0],
      [CHILD, RRTYPE.DS, 0],
      [`grandchild.${CHILD}`, RRTYPE.DS, 0],
    ] as const) {
      const answer = await ask(name, type);
      expect([answer.rcode, answer.authentic], `${name} ${type}`).toEqual([rcode, true]);
    }
  });

  it('answers DS from the parent side and everything else from the child', async () => {
    const ds = await dig(daemon.port, CHILD, 'DS', '+dnssec');
    expect(ds.answer.filter(({ type }) => type === 'RRSIG').map(({ rdata }) => rdata.split(' ')[7])).toEqual([
      'example.com.',
    ]);
    const soa = await dig(daemon.port, CHILD, 'SOA', '+dnssec');
    expect(soa.answer.filter(({ type }) => type === 'RRSIG').map(({ rdata }) => rdata.split(' ')[7])).toEqual(
      [CHILD],
    );
    expect(soa.flags).toContain('aa');
  });

  it('is insecure below an unsigned delegation', async () => {
    const answer = await ask(`www.grandchild.${CHILD}`, RRTYPE.A);
    expect([answer.rcode, answer.authentic, answer.answers]).toEqual([0, false, 1]);
  });

  it('is bogus where the child signs with another key than its DS record says', async () => {
    expect((await ask(`www.${IDN_CHILD}`, RRTYPE.A)).rcode).toBe(2);
    expect(unbound.complaints.length).toBeGreaterThan(0);
  });
});
