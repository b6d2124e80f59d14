/** The zone above a child that is watched: what is known of its DS, and who changes them. */

/** What a change of the DS RRset did, once it is served; key tags. */
export interface DsChange {
  readonly seen: readonly number[];
  readonly gone: readonly number[];
  /** The child is insecure now. */
  readonly isNone: boolean;
}

/** The zone above the child: who puts a DS there, and how a test has a hand in it. */
export interface Above {
  /** RDATA of the child's DS RRset as it is served: `tag algorithm digest-type digest`. */
  readonly ds: readonly string[];
  /** The first DS gets there without an operator. */
  readonly takesFirstDs: boolean;
  /** Set while the child's requests are not followed. */
  isPaused: boolean;
  /** Why a request was not followed, the newest last. */
  readonly refusals: readonly string[];
  /** Called when another DS RRset is served. */
  set onChange(called: (change: DsChange) => Promise<void>);
  /** Puts a DS RRset there, as an operator does who brings it to the registrar. */
  bring(records: readonly string[]): Promise<void>;
  /** Throws what ended the work of the parent, if something did. */
  check(): void;
  stop(): Promise<void>;
}

/** What another DS RRset means for keys. */
export function changeOf(before: readonly string[], after: readonly string[]): DsChange {
  const [old, fresh] = [tagsOf(before), tagsOf(after)];
  return {
    seen: fresh.filter((tag) => !old.includes(tag)),
    gone: old.filter((tag) => !fresh.includes(tag)),
    isNone: after.length === 0,
  };
}

/** RDATA of a DS record, from RDATA or a whole line, with the digest in one piece. */
export function normalDs(text: string): string {
  const rdata = /(?:\sDS\s+)?(\d+ \d+ \d+ [\dA-Fa-f ]+)$/.exec(text.trim())?.[1];
  if (rdata === undefined) throw new Error(`not a DS record: ${text}`);
  const [tag, algorithm, type, ...digest] = rdata.split(' ');
  return `${tag} ${algorithm} ${type} ${digest.join('').toUpperCase()}`;
}

function tagsOf(records: readonly string[]): number[] {
  return [...new Set(records.map((record) => Number.parseInt(record, 10)))];
}
