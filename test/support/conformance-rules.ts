/** What an answer must be, written in words (`conformance-told.ts`), and the judgement of one. */

/** No answer to anything may have these: each is against RFC 1035 §4.1, 6891 §6.1 or 7873 §5.2.3. */
const NEVER = [
  /^garbage$/,
  /^unreadable$/,
  /^other-/,
  /^no-qr$/,
  /^z$/,
  /^ra$/,
  /^ad$/,
  /^two-opts$/,
  /^opt-(?:owner|size|z)$/,
  /^version-/,
  /^option-/,
  /^odd-cookie-/,
  /^oversize$/,
];

/**
 * The part of a rule that `words` break; undefined if there is none. What is only good to have (`+word`) is asked for
 * of whom `isStrict` says so.
 */
export function brokenPart(rule: string, words: readonly string[], isStrict: boolean): string | undefined {
  const never = words.find((word) => NEVER.some((pattern) => pattern.test(word)));
  if (never !== undefined) return `!${never}`;
  return rule.split(' ').find((part) => !holds(part, words, isStrict));
}

function holds(part: string, words: readonly string[], isStrict: boolean): boolean {
  if (part.startsWith('+')) return !isStrict || words.includes(part.slice(1));
  if (part.startsWith('!')) return !words.includes(part.slice(1));
  return part.split('|').some((word) => words.includes(word));
}
