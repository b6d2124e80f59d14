/** What an explanation of a stable code says (`keyturn explain`). Types and common words of the tables beside it. */

export interface Explanation {
  /** What the code says happened, a sentence. */
  readonly meaning: string;
  /** What mostly leads to it. */
  readonly cause: string;
  /** What it means for those who ask the server, or for the command. */
  readonly effect: string;
  /** What to do. */
  readonly fix: string;
  /** Where to read on: `RFC 1035 §5.1`. */
  readonly rfc?: string;
}

export type Explanations<C extends string = string> = Readonly<Record<C, Explanation>>;

/** Effects that many codes share. */
export const EFFECT = {
  rejected: 'The file is not loaded. What was served before stays served; a zone that is new is not served.',
  loaded: 'A warning: the zone is loaded and served.',
  frozen:
    'The keys stay as they are, and it is tried again every minute. What was served stays served; a zone that is ' +
    'new is not served.',
  nothing: 'Nothing was changed.',
  noStart: 'The server does not start.',
} as const;
