/**
 * The life of a large zone in a running server, for a short test and a long one: loaded, served signed, changed by 1 %
 * and reloaded under queries of which none may be lost, removed. What did not change keeps its signatures.
 */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { largeZone } from '../../bench/zonetext.ts';
import { RRTYPE } from '../../src/wire/iana.ts';
import { nameOf } from '../../src/wire/name.ts';
import { Asker } from './asker.ts';
import { Daemon } from './daemon.ts';
import { dig } from './dig.ts';
import { type Workplace, waitUntil } from './processes.ts';

const ORIGIN = 'large.example.';
/** The change of version `serial` is to the TXT of each name whose number leaves this rest by 100. */
const CYCLE = 100;
const LOAD_MS = 60_000;

/** Signatures (RDATA as dig prints it) and text of one TXT rrset. */
export interface SignedText {
  readonly text: string;
  readonly signature: string;
}

/** Asks without pause, and counts what was lost or wrong. */
class Questioner {
  answered = 0;
  readonly wrong: string[] = [];
  readonly #asker: Asker;
  readonly #lanes: Promise<void>[];
  #stopping = false;

  constructor(port: number, names: number) {
    this.#asker = new Asker(port, { tries: 1, timeoutMs: 5_000 });
    this.#lanes = Array.from({ length: 4 }, (_, lane) => this.#run(lane, names));
  }

  async #run(lane: number, names: number): Promise<void> {
    for (let turn = lane; !this.#stopping; turn += 4) {
      const label = `host${(turn * 7_919) % names}`;
      const question = { name: nameOf(`${label}.${ORIGIN}`), type: RRTYPE.A };
      const answer = await this.#asker.ask(question).catch((error: Error) => error);
      if (answer instanceof Error) this.wrong.push(`${label}: ${answer.message}`);
      // The address and its signature.
      else if (answer.rcode !== 0 || answer.answers !== 2) this.wrong.push(`${label}: rcode ${answer.rcode}`);
      else this.answered++;
      await sleep(1);
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#lanes);
    this.#asker.close();
  }
}

/** A server with one large zone. */
export class LargeZone {
  readonly daemon: Daemon;
  readonly #workplace: Workplace;
  readonly #names: number;
  readonly #file: string;

  private constructor(daemon: Daemon, workplace: Workplace, names: number) {
    this.daemon = daemon;
    this.#workplace = workplace;
    this.#names = names;
    this.#file = join(daemon.zones, `${ORIGIN}zone`);
  }

  /** Starts a server and waits until it serves a zone of three records for each of `names` names. */
  static async start(workplace: Workplace, names: number): Promise<LargeZone> {
    const zones = { [`${ORIGIN}zone`]: largeZone(names, 1) };
    const daemon = await Daemon.start({ workplace, zones, args: ['--workers', '1'] });
    await daemon.waitForSerial(ORIGIN, 1, LOAD_MS);
    return new LargeZone(daemon, workplace, names);
  }

  /** Drops in the next version under queries; throws if one is lost or answered wrongly. */
  async reload(serial: number): Promise<void> {
    const aside = this.#workplace.at('aside');
    writeFileSync(aside, largeZone(this.#names, serial));
    const questioner = new Questioner(this.daemon.port, this.#names);
    renameSync(aside, this.#file);
    await this.daemon.waitForSerial(ORIGIN, serial, LOAD_MS);
    await questioner.stop();
    expect(questioner.wrong).toEqual([]);
    expect(questioner.answered).toBeGreaterThan(20);
  }

  /** The TXT rrset of a name whose number leaves `rest` by 100. */
  async textOf(rest: number): Promise<SignedText> {
    const { status, answer } = await dig(this.daemon.port, `host${rest + CYCLE}.${ORIGIN}`, 'TXT', '+dnssec');
    expect(status).toBe('NOERROR');
    const rdataOf = (wanted: string) => answer.find(({ type }) => type === wanted)?.rdata ?? 'none';
    return { text: rdataOf('TXT'), signature: rdataOf('RRSIG') };
  }

  /** Removes the file and waits until the zone is refused. */
  async remove(): Promise<void> {
    rmSync(this.#file);
    const isRefused = async () => (await dig(this.daemon.port, ORIGIN, 'SOA')).status === 'REFUSED';
    await waitUntil(isRefused, 'the zone is refused', LOAD_MS, this.daemon.process);
  }
}
