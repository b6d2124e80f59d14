/** Runs `dig` and reads what it printed: header, sections and records as text. */
import { getPeer } from './peers.ts';
import { runOk } from './processes.ts';

/** One record line of dig; `rdata` as dig prints it. */
export interface DigRecord {
  readonly owner: string;
  readonly ttl: number;
  readonly type: string;
  readonly rdata: string;
}

export interface DigAnswer {
  /** NOERROR, NXDOMAIN, REFUSED, … */
  readonly status: string;
  /** `qr`, `aa`, `tc`, … */
  readonly flags: readonly string[];
  readonly answer: readonly DigRecord[];
  readonly authority: readonly DigRecord[];
  readonly additional: readonly DigRecord[];
  readonly text: string;
}

/** Asks 127.0.0.1; `options` are dig's own, such as `+dnssec` and `+tcp`. Throws if there is no answer. */
export function dig(port: number, name: string, type: string, ...options: string[]): Promise<DigAnswer> {
  return digAt({ address: '127.0.0.1', port }, name, type, ...options);
}

/** Asks a server at any address. */
export async function digAt(
  { address, port }: { readonly address: string; readonly port: number },
  name: string,
  type: string,
  ...options: string[]
): Promise<DigAnswer> {
  const fixed = ['-r', '+norecurse', '+tries=2', '+time=3', `@${address}`];
  const text = await runOk(
    getPeer('dig'),
    [...fixed, '-p', `${port}`, ...options, '-t', type, '-q', name],
    20_000,
  );
  return parseDig(text);
}

/** Parses dig's standard output (one message). */
export function parseDig(text: string): DigAnswer {
  const section = (title: string): DigRecord[] => {
    const body = new RegExp(`^;; ${title} SECTION:\\n((?:[^;\\n].*\\n)*)`, 'm').exec(text)?.[1] ?? '';
    return body.split('\n').filter(Boolean).map(parseRecord);
  };
  return {
    status: /status: (\w+)/.exec(text)?.[1] ?? '',
    flags: (/^;; flags: ([a-z ]*);/m.exec(text)?.[1] ?? '').split(' ').filter(Boolean),
    answer: section('ANSWER'),
    authority: section('AUTHORITY'),
    additional: section('ADDITIONAL'),
    text,
  };
}

function parseRecord(line: string): DigRecord {
  const [, owner, ttl, type, rdata] = /^(\S+)\s+(\d+)\s+\S+\s+(\S+)\s*(.*)$/.exec(line) ?? [];
  if (owner === undefined) throw new Error(`not a record of dig: ${line}`);
  return { owner, ttl: Number(ttl), type: type as string, rdata: rdata as string };
}
