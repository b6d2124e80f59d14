/** Servers of a bench: started with a zone (bench/setups), pinned to a core, asked by dig. */
import { mkdirSync } from 'node:fs';
import { freePort, run, ServerProcess, type Workplace, waitUntil } from '../test/support/processes.ts';
import { SETUPS, type ServerName } from './setups.ts';

export interface BenchServer {
  readonly name: ServerName;
  readonly port: number;
  /** Its files, for itself alone. */
  readonly folder: string;
  readonly process: ServerProcess;
}

/** Starts a server pinned to `cores`, one or a list as taskset has it; resolves when it answers for the zone. */
export async function startServer(
  name: ServerName,
  zone: { readonly origin: string; readonly text: string },
  workplace: Workplace,
  cores: number | string,
): Promise<BenchServer> {
  const port = await freePort();
  const folder = workplace.at(`${name.replaceAll(' ', '-')}-${port}`);
  mkdirSync(folder, { mode: 0o700 });
  const command = await SETUPS[name]({ folder, port, ...zone });
  const process = new ServerProcess('taskset', ['-c', `${cores}`, ...command]);
  await waitUntil(
    async () => (await ask(port, zone.origin, 'SOA')).includes('status: NOERROR'),
    `${name} answers`,
    60_000,
    process,
  );
  return { name, port, folder, process };
}

/** What dig prints for a question to 127.0.0.1; with `dnssecOk` it asks for signatures. */
export async function ask(port: number, name: string, type: string, dnssecOk = false): Promise<string> {
  const args = ['-r', '+norecurse', '+tries=1', '+time=2', '@127.0.0.1', '-p', `${port}`, name, type];
  return (await run('dig', dnssecOk ? [...args, '+dnssec'] : args, 10_000)).stdout;
}
