/** "Did you mean": the known word that is nearest to a wrong one. */

/** Edits (insert, delete, replace, swap of neighbors) that turn `a` into `b`. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (last[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let edits = Math.min(replaced, (last[j] as number) + 1, (row[j - 1] as number) + 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) edits = Math.min(edits, (before[j - 2] as number) + 1);
      row.push(edits);
    }
    before = last;
    last = row;
  }
  return last[b.length] as number;
}

const MAX_WORD = 20;

/** The nearest of `known` (upper case), if it is near enough to be meant. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const upper = word.toUpperCase();
  if (upper.length < 2 || upper.length > MAX_WORD) return undefined;
  let best: string | undefined;
  let bestEdits = upper.length <= 3 ? 1.5 : 2.5;
  for (const candidate of known) {
    if (candidate.length < 2) continue;
    const edits = distance(upper, candidate);
    if (edits < bestEdits) {
      best = candidate;
      bestEdits = edits;
    }
  }
  return best;
}

/** `did you mean CNAME?`, or undefined. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  const found = nearest(word, known);
  return found === undefined ? undefined : `did you mean ${found}?`;
}
