/** What the state files of `bulk.ts` say about zone-signing keys, and whether the server signs with the new ones. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask } from './servers.ts';

/** Answers that are looked at, spread over all zones. */
const ASKED = 50;

interface StoredKey {
  readonly id: string;
  readonly tag: number;
  readonly goal: string;
  readonly roles: readonly string[];
}

/** What the state of a zone holds of its keys, for us. */
interface Stored {
  readonly rollover: unknown;
  readonly keys: readonly StoredKey[];
}

/** Zone → ids of its ZSKs. */
type ZskIds = ReadonlyMap<string, readonly string[]>;

/** The ZSKs of these zones, from their state files. */
export function zskIds(keysFolder: string, zones: readonly string[]): ZskIds {
  return new Map(zones.map((zone) => [zone, zsksOf(storedOf(keysFolder, zone).keys).map(({ id }) => id)]));
}

function zsksOf(keys: readonly StoredKey[]): StoredKey[] {
  return keys.filter(({ roles }) => roles.includes('zone-signing'));
}

function storedOf(keysFolder: string, zone: string): Stored {
  return JSON.parse(readFileSync(join(keysFolder, zone, 'state.json'), 'utf8')) as Stored;
}

/** Zones with exactly one new ZSK, which alone shall sign; zones otherwise; answers signed by the new key. */
export interface Rolled {
  readonly good: number;
  readonly bad: readonly string[];
  readonly asked: number;
  readonly signedByNew: number;
}

/** Compares the state files with what they were, and asks some zones who signs. */
export async function checkRolled(before: ZskIds, keysFolder: string, port: number): Promise<Rolled> {
  const bad: string[] = [];
  let [asked, signedByNew] = [0, 0];
  const step = Math.max(1, Math.floor(before.size / ASKED));
  for (const [i, [zone, ids]] of [...before].entries()) {
    const { keys, rollover } = storedOf(keysFolder, zone);
    const zsks = zsksOf(keys);
    const fresh = zsks.filter(({ id }) => !ids.includes(id));
    const wanted = zsks.filter(({ goal }) => goal === 'IN');
    const isOver = rollover === null;
    if (fresh.length !== 1 || wanted.length !== 1 || wanted[0] !== fresh[0] || !isOver) {
      bad.push(`${zone}: ${fresh.length} new, ${wanted.length} wanted${isOver ? '' : ', a rollover runs'}`);
    }
    if (i % step !== 0) continue;
    asked++;
    const answer = await ask(port, `www.${zone}`, 'A', true);
    const signer = /\sRRSIG\s+A\s+\d+\s+\d+\s+\d+\s+\d+\s+\d+\s+(\d+)\s/.exec(answer)?.[1];
    if (Number(signer) === fresh[0]?.tag) signedByNew++;
  }
  return { good: before.size - bad.length, bad, asked, signedByNew };
}
