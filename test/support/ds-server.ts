/** Servers of other makes with one signed zone, whose DS RRsets can be replaced: what they have in common. */
import type { ServerProcess } from './processes.ts';

/** TTL of everything in the parent zone, its DS RRsets and its denials, in seconds. */
export const PARENT_TTL = 2;

/** A zone of another make: what it holds besides SOA and NS of its own. */
export interface ParentSetup {
  /** With a final dot. */
  readonly origin: string;
  /** Delegations, without DS, and whatever else; one record a line. */
  readonly rows: readonly string[];
  /** Who serves it; default `named`. */
  readonly make?: ParentMake;
}

export const PARENT_MAKES = ['named', 'knotd'] as const;
export type ParentMake = (typeof PARENT_MAKES)[number];

/** A server of one signed zone. */
export interface DsServer {
  /** Of 127.0.0.1. */
  readonly port: number;
  readonly process: ServerProcess;
  /** Replaces the DS RRset of one child; it need not be served at once. `before`: what it is until then. */
  replaceDs(child: string, records: readonly string[], before: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

/** SOA and NS of a parent, and what it holds. */
export function parentRows({ origin, rows }: ParentSetup, serial: number): string[] {
  const inside = (label: string): string => (origin === '.' ? `${label}.` : `${label}.${origin}`);
  return [
    `$TTL ${PARENT_TTL}`,
    `${origin} IN SOA ${inside('ns')} ${inside('hostmaster')} ${serial} 3600 600 86400 ${PARENT_TTL}`,
    `${origin} IN NS ${inside('ns')}`,
    `${inside('ns')} IN A 127.0.0.1`,
    ...rows,
  ];
}
