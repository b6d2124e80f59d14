/** BIND's validator, which is told the keys to trust. */
import { writeFileSync } from 'node:fs';
import { getPeer } from './peers.ts';
import { run } from './processes.ts';

/** Writes trust anchors for delv; `dnskeys` are RDATA in presentation form. */
export function writeAnchors(file: string, origin: string, dnskeys: readonly string[]): void {
  const anchors = dnskeys.map((rdata) => {
    const [flags, protocol, algorithm, ...key] = rdata.split(' ');
    return `${origin} static-key ${flags} ${protocol} ${algorithm} "${key.join('')}";`;
  });
  writeFileSync(file, `trust-anchors { ${anchors.join(' ')} };\n`);
}

/** A zone, where it is served, and the file of its trust anchors. */
export interface Trusted {
  readonly origin: string;
  readonly port: number;
  readonly anchors: string;
}

/** What delv says of a name and type: `fully validated`, or what is wrong. */
export async function delv({ origin, port, anchors }: Trusted, name: string, type: string): Promise<string> {
  const server = ['@127.0.0.1', '-p', `${port}`, '-a', anchors, `+root=${origin}`];
  const { stdout, stderr } = await run(getPeer('delv'), [...server, '-q', name, '-t', type], 20_000);
  return stdout + stderr;
}
