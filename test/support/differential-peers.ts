/**
 * The three servers that we did not write, each with the same zones, as one process on a high port of 127.0.0.1. They
 * are set up so that their answers can be compared: no recursion, no checks beyond what they insist on, additional data
 * as rich as they have it, responses up to 4,096 octets.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { DatagramClient } from './datagrams.ts';
import { getPeer } from './peers.ts';
import { freePort, ServerProcess, type Workplace, waitUntil } from './processes.ts';
import { queryOctets } from './served.ts';

export const PEER_NAMES = ['named', 'nsd', 'knotd'] as const;
export type PeerName = (typeof PEER_NAMES)[number];

/** A zone in presentation form. */
export interface ZoneText {
  /** With a final dot. */
  readonly origin: string;
  readonly text: string;
}

/** What a configuration says besides; a row of the server's options replaces the one that begins with the same word. */
export interface PeerExtra {
  readonly server?: readonly string[];
  /** Of knotd: sections before its template, and rows of the template. */
  readonly sections?: readonly string[];
  readonly template?: readonly string[];
}

/** One running server of others. */
export class PeerServer {
  readonly name: PeerName;
  readonly process: ServerProcess;
  readonly port: number;
  readonly client: DatagramClient;

  private constructor(name: PeerName, process: ServerProcess, port: number) {
    this.name = name;
    this.process = process;
    this.port = port;
    this.client = new DatagramClient(port);
  }

  static async start(
    name: PeerName,
    zones: readonly ZoneText[],
    workplace: Workplace,
    extra: PeerExtra = {},
  ): Promise<PeerServer> {
    const port = await freePort();
    const folder = workplace.at(`${name}-${port}`);
    mkdirSync(folder);
    const files = zones.map(({ origin, text }, index) => {
      writeFileSync(`${folder}/${index}.zone`, text);
      return { origin, file: `${folder}/${index}.zone` };
    });
    const { text, args } = SETUPS[name](folder, port, files, extra);
    writeFileSync(`${folder}/${name}.conf`, text);
    const process = new ServerProcess(getPeer(name), [...args, `${folder}/${name}.conf`]);
    const server = new PeerServer(name, process, port);
    const probe = new DatagramClient(port, { timeoutMs: 200, tries: 1 });
    const last = queryOctets(zones.at(-1)?.origin ?? '.', 'SOA');
    await waitUntil(async () => (await probe.ask(last)) !== undefined, `${name} answers`, 30_000, process);
    probe.close();
    return server;
  }

  /** Indexes of the zones that the server did not load: their SOA is not answered. */
  async refusedZones(zones: readonly ZoneText[]): Promise<Set<number>> {
    const isLoaded = (answer: Uint8Array | undefined) => answer?.[7] === 1 && (answer[3]! & 15) === 0;
    const queries = zones.map(({ origin }) => queryOctets(origin, 'SOA'));
    const answers = await this.client.askAll(queries, 32);
    return new Set(answers.flatMap((answer, index) => (isLoaded(answer) ? [] : [index])));
  }

  async stop(): Promise<void> {
    this.client.close();
    await this.process.stop();
  }
}

interface ZoneFile {
  readonly origin: string;
  readonly file: string;
}

type Setup = (
  folder: string,
  port: number,
  zones: readonly ZoneFile[],
  extra: PeerExtra,
) => { readonly text: string; readonly args: readonly string[] };

/** Options, those of `extra` instead of ours where they begin with the same word. */
function withExtra(rows: readonly string[], { server = [] }: PeerExtra): string[] {
  const word = (row: string) => row.split(/[: ]/, 1)[0];
  const replaced = new Set(server.map(word));
  return [...rows.filter((row) => !replaced.has(word(row))), ...server];
}

/** A configuration file of each, and the arguments in front of its path. */
const SETUPS: Readonly<Record<PeerName, Setup>> = {
  named: (folder, port, zones, extra) => {
    const options = [
      `directory "${folder}"`,
      `listen-on port ${port} { 127.0.0.1; }`,
      'listen-on-v6 { none; }',
      'pid-file none',
      'session-keyfile none',
      'recursion no',
      'minimal-responses no-auth',
      'empty-zones-enable no',
      'notify no',
      'allow-transfer { none; }',
      'dnssec-validation no',
      'max-udp-size 4096',
      ...['check-names primary', 'check-mx', 'check-mx-cname', 'check-srv-cname', 'check-dup-records'].map(
        (check) => `${check} ignore`,
      ),
      ...['check-integrity', 'check-sibling', 'check-wildcard', 'answer-cookie'].map(
        (check) => `${check} no`,
      ),
    ];
    const rows = zones.map(
      ({ origin, file }) => `zone "${quoted(origin)}" { type primary; file "${file}"; };`,
    );
    return {
      text: `options { ${withExtra(options, extra).join('; ')}; };\ncontrols { };\n${rows.join('\n')}\n`,
      args: ['-g', '-n', '1', '-c'],
    };
  },
  nsd: (folder, port, zones, extra) => {
    const server = [
      `ip-address: 127.0.0.1@${port}`,
      'server-count: 1',
      'username: ""',
      'pidfile: ""',
      `zonesdir: "${folder}"`,
      `xfrdfile: "${folder}/xfrd.state"`,
      `zonelistfile: "${folder}/zone.list"`,
      `xfrdir: "${folder}"`,
      'ipv4-edns-size: 4096',
      'rrl-ratelimit: 0',
      'rrl-whitelist-ratelimit: 0',
      'minimal-responses: no',
      'round-robin: no',
    ];
    const rows = zones.map(({ origin, file }) => `zone:\n  name: "${quoted(origin)}"\n  zonefile: "${file}"`);
    return {
      text: [
        'server:',
        ...withExtra(server, extra).map((row) => `  ${row}`),
        'remote-control:\n  control-enable: no',
        ...rows,
        '',
      ].join('\n'),
      args: ['-d', '-c'],
    };
  },
  knotd: (folder, port, zones, extra) => {
    const rows = zones.map(({ origin, file }) => `  - domain: "${quoted(origin)}"\n    file: "${file}"`);
    const server = [
      `listen: 127.0.0.1@${port}`,
      `rundir: "${folder}"`,
      'udp-workers: 1',
      'tcp-workers: 1',
      'background-workers: 1',
      'udp-max-payload: 4096',
    ];
    const text = [
      'server:',
      ...withExtra(server, extra).map((row) => `    ${row}`),
      'log:',
      '  - target: stderr',
      '    any: warning',
      'database:',
      `    storage: "${folder}"`,
      '    journal-db-max-size: 16M',
      '    kasp-db-max-size: 16M',
      '    timer-db-max-size: 16M',
      ...(extra.sections ?? []),
      'template:',
      '  - id: default',
      '    zonefile-load: whole',
      '    zonefile-sync: -1',
      '    journal-content: none',
      '    semantic-checks: off',
      ...(extra.template ?? []).map((row) => `    ${row}`),
      'zone:',
      ...rows,
      '',
    ].join('\n');
    return { text, args: ['-c'] };
  },
};

/** An origin as all three read it between double quotes: escapes are decimal, or the quote would end. */
function quoted(origin: string): string {
  return origin.replace(/\\([^\d])/g, (_, octet: string) => {
    return `\\${octet.charCodeAt(0).toString().padStart(3, '0')}`;
  });
}

/** Starts all three. */
export async function startPeers(zones: readonly ZoneText[], workplace: Workplace): Promise<PeerServer[]> {
  return Promise.all(PEER_NAMES.map((name) => PeerServer.start(name, zones, workplace)));
}
