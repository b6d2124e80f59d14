/**
 * How many signatures may be verified for one look or one search, over all servers and answers together: many keys of one
 * tag and many signatures must not make a busy server of whoever looks (RFC 4035 §5.3.1 would have all of them tried).
 */

/** Whoever verifies takes from it; below zero it did not suffice, and what was found means nothing. */
export interface Verifications {
  left: number;
}

/** Sixty-four addresses that all sign honestly by two keys stay below it; so many take well under a second. */
const MAX_VERIFICATIONS = 1_000;

export function newVerifications(): Verifications {
  return { left: MAX_VERIFICATIONS };
}

/** True if more would have had to be verified than may be. */
export function isSpent({ left }: Verifications): boolean {
  return left < 0;
}

export const SPENT_TEXT = `more than ${MAX_VERIFICATIONS} signatures would have to be verified`;
