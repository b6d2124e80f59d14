/** The order of the records of one name (RFC 4034 §6.3), in which answers and signatures have them. */
import type { ZoneRecords } from './records.ts';

/** So many are sorted by insertion. */
const MOST_INSERTED = 24;

/** By type, then by RDATA as unsigned octet strings, the shorter first on a tie (RFC 4034 §6.3). */
export function compareRecords(records: ZoneRecords, a: number, b: number): number {
  const byType = records.types[a]! - records.types[b]!;
  if (byType !== 0) return byType;
  const { heap } = records;
  const aAt = records.rdataAt[a]!;
  const bAt = records.rdataAt[b]!;
  const aOctets = records.rdataOctets[a]!;
  const bOctets = records.rdataOctets[b]!;
  const shared = Math.min(aOctets, bOctets);
  for (let i = 0; i < shared; i++) {
    const order = heap[aAt + i]! - heap[bAt + i]!;
    if (order !== 0) return order;
  }
  return aOctets - bOctets;
}

/** Sorts `numbers[from]` to `numbers[to - 1]`: by insertion the usual handful, large rrsets as the engine does. */
export function sortRecords(numbers: Uint32Array, from: number, to: number, records: ZoneRecords): void {
  if (to - from > MOST_INSERTED) {
    numbers.subarray(from, to).sort((a, b) => compareRecords(records, a, b));
    return;
  }
  for (let i = from + 1; i < to; i++) {
    const number = numbers[i]!;
    let j = i - 1;
    while (j >= from && compareRecords(records, numbers[j]!, number) > 0) {
      numbers[j + 1] = numbers[j]!;
      j--;
    }
    numbers[j + 1] = number;
  }
}
