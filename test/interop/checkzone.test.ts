/**
 * `named-checkzone` and `nsd-checkzone` judge the short zones that our checks judge: what we refuse, one of them refuses;
 * what they refuse and we load has a warning. Where they differ from us, it is written down here.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { describeWithPeers, getPeer, type Peer } from '../support/peers.ts';
import { HEAD, LEGAL_ZONES, ORIGIN, WRONG_ZONES } from '../support/zone-findings.ts';

/** What a peer refuses and we load with a warning: the zone has a meaning, for the names that are not affected. */
const WE_WARN: Partial<Record<Peer, readonly string[]>> = {
  // RFC 4592 §4.2 leaves NS at a wildcard undefined; RFC 2181 §10.3 is about those who follow NS and MX.
  'named-checkzone': ['*.w NS ns', '@ DNAME o.example.'],
  // RFC 6672 §2.4: data below a DNAME is not seen; it does no harm.
  'nsd-checkzone': ['d DNAME o.example.\na.d A 192.0.2.2', '@ DNAME o.example.'],
};
/** What we refuse and neither of the two does: RFC 6672 §2.4 forbids it, and Knot refuses it too. */
const WE_REFUSE = ['d DNAME o.example.\nd NS ns'];

describeWithPeers(['named-checkzone', 'nsd-checkzone'], 'checks of zones as the peers see them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-checkzone-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  function isRefused(peer: Peer, lines: string): boolean {
    const file = join(folder, 'check.zone');
    writeFileSync(file, `${HEAD}${lines}\n`);
    const { status } = spawnSync(getPeer(peer), [ORIGIN, file], { timeout: 20_000 });
    expect([0, 1]).toContain(status);
    return status === 1;
  }

  it.each(WRONG_ZONES)('$lines', ({ lines, found }) => {
    const isOurError = found.some((finding) => finding.startsWith('error'));
    // NSD 4.6 does not know DSYNC.
    const judges: Peer[] = lines.includes('DSYNC')
      ? ['named-checkzone']
      : ['named-checkzone', 'nsd-checkzone'];
    const refusals = judges.filter((peer) => isRefused(peer, lines));
    if (isOurError) expect(refusals.length > 0).toBe(!WE_REFUSE.includes(lines));
    else for (const peer of refusals) expect(WE_WARN[peer]).toContain(lines);
  });

  it('loads what has no finding', () => {
    for (const lines of LEGAL_ZONES) expect(isRefused('named-checkzone', lines), lines).toBe(false);
  });
});
