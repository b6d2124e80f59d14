/** A zone of 60,000 records loads, changes under queries and goes; the full size is in test/long. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dig } from '../support/dig.ts';
import { LargeZone } from '../support/large-zone.ts';
import { describeWithPeers } from '../support/peers.ts';
import { Workplace } from '../support/processes.ts';

describeWithPeers(['dig'], 'a zone of 60,000 records', () => {
  const workplace = new Workplace();
  let zone: LargeZone;

  beforeAll(async () => {
    zone = await LargeZone.start(workplace, 20_000);
  });

  afterAll(async () => {
    await zone?.daemon.stop();
    workplace.remove();
  });

  it('is served signed, to its last name and beyond', async () => {
    const last = await dig(zone.daemon.port, 'host19999.large.example.', 'AAAA', '+dnssec');
    expect(last.answer.map(({ type }) => type)).toEqual(['AAAA', 'RRSIG']);
    const beyond = await dig(zone.daemon.port, 'host20000.large.example.', 'AAAA', '+dnssec');
    expect(beyond.status).toBe('NXDOMAIN');
    expect(beyond.authority.map(({ type }) => type).sort()).toEqual([
      ...['NSEC', 'NSEC'],
      ...['RRSIG', 'RRSIG', 'RRSIG'],
      'SOA',
    ]);
  });

  it('is reloaded with 1 % changed and loses no query; what did not change keeps its signature', async () => {
    const kept = await zone.textOf(5);
    const changing = await zone.textOf(2);
    await zone.reload(2);
    expect(await zone.textOf(5)).toEqual(kept);
    const changed = await zone.textOf(2);
    expect(changed.text).toBe('"v=text number 102 of 2"');
    expect(changed.signature).not.toBe(changing.signature);
    // In version 3 others change: what version 2 changed is as it was in version 1.
    await zone.reload(3);
    expect(await zone.textOf(5)).toEqual(kept);
    expect((await zone.textOf(2)).text).toBe(changing.text);
    expect((await zone.textOf(3)).text).toBe('"v=text number 103 of 3"');
  });

  it('is refused when its file is removed', async () => {
    await zone.remove();
    expect((await dig(zone.daemon.port, 'host5.large.example.', 'A')).status).toBe('REFUSED');
  });
});
