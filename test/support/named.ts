/**
 * A `named` that serves zone files, and zones signed by BIND's own tools: the known-good server on which the rig is
 * tried, and the parents, children and outside world of the server under test.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { getPeer } from './peers.ts';
import { freePort, runOk, ServerProcess, type Workplace, waitUntil } from './processes.ts';
import { answers, type Stub } from './unbound.ts';

/** A zone and its master file. */
export interface ZoneFile {
  /** With a final dot. */
  readonly origin: string;
  readonly file: string;
  /** More statements, for a zone that named signs. */
  readonly signing?: string;
}

/** A running named. */
export class Named {
  readonly port: number;
  readonly process: ServerProcess;

  private constructor(port: number, process: ServerProcess) {
    this.port = port;
    this.process = process;
  }

  /** `policies` are statements outside of all zones. */
  static async start(zones: readonly ZoneFile[], workplace: Workplace, policies = ''): Promise<Named> {
    const port = await freePort();
    const folder = workplace.at(`named-${port}`);
    mkdirSync(folder);
    const options = [
      `directory "${folder}"`,
      `listen-on port ${port} { 127.0.0.1; }`,
      'listen-on-v6 { none; }',
      'pid-file none',
      'session-keyfile none',
      'recursion no',
      'minimal-responses no',
      'empty-zones-enable no',
      'notify no',
      'allow-transfer { none; }',
      'dnssec-validation no',
      'check-names primary ignore',
    ];
    const rows = zones.map(
      ({ origin, file, signing = '' }) => `zone "${origin}" { type primary; file "${file}"; ${signing} };`,
    );
    const text = `options { ${options.join('; ')}; };\ncontrols { };\n${policies}\n${rows.join('\n')}\n`;
    writeFileSync(`${folder}/named.conf`, text);
    const process = new ServerProcess(getPeer('named'), ['-g', '-n', '1', '-c', `${folder}/named.conf`]);
    await waitUntil(() => answers(port), 'named answers', 20_000, process);
    return new Named(port, process);
  }

  async stop(): Promise<void> {
    await this.process.stop();
  }
}

/** What surrounds the zones under test: the root and some children of theirs, served by one named. */
export interface Surroundings {
  readonly named: Named;
  readonly stubs: readonly Stub[];
}

/** Starts the outside: an unsigned root, children signed with the published key, and unsigned children. */
export async function startSurroundings(
  signedCuts: readonly string[],
  unsignedCuts: readonly string[],
  workplace: Workplace,
): Promise<Surroundings> {
  const root: ZoneFile = { origin: '.', file: workplace.at('outside-root.zone') };
  writeFileSync(root.file, OUTSIDE_ROOT);
  const zones: ZoneFile[] = [root];
  for (const origin of [...signedCuts, ...unsignedCuts]) {
    const folder = workplace.at(`child-${zones.length}`);
    mkdirSync(folder);
    const zone: ZoneFile = { origin, file: `${folder}/child.zone` };
    writeFileSync(zone.file, childZone(origin));
    const isSigned = signedCuts.includes(origin);
    zones.push(
      isSigned ? { origin, file: await signWithBind(zone, writePublishedKey(origin, folder)) } : zone,
    );
  }
  const named = await Named.start(zones, workplace);
  return { named, stubs: zones.map(({ origin }) => ({ origin, port: named.port })) };
}

function childZone(origin: string): string {
  return [
    '$TTL 300',
    `${origin} IN SOA ns.${origin} hostmaster.${origin} 1 3600 600 86400 60`,
    `${origin} IN NS ns.${origin}`,
    `ns.${origin} IN A 127.0.0.1`,
    `www.${origin} IN A 192.0.2.77`,
    '',
  ].join('\n');
}

/** A root zone (unsigned) under which every name exists, for what leaves the zones under test. */
const OUTSIDE_ROOT = `$TTL 60
. IN SOA ns.outside. hostmaster.outside. 1 3600 600 86400 60
. IN NS ns.outside.
ns.outside. IN A 127.0.0.1
*. IN A 192.0.2.99
*. IN AAAA 2001:db8::99
*. IN TXT "outside"
`;

/** The key pair that RFC 6605 §6.1 prints, as the key of `owner`: what the example zones' DS records vouch for. */
export function writePublishedKey(owner: string, folder: string): string {
  const base = `${folder}/K${owner}+013+55648`;
  const publicKey =
    'GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==';
  writeFileSync(`${base}.key`, `${owner} 3600 IN DNSKEY 257 3 13 ${publicKey}\n`);
  const privateKey = 'GU6SnQ/Ou+xC5RumuIUIuJZteXT2z0O/ok1s38Et6mQ=';
  const rows = ['Private-key-format: v1.2', 'Algorithm: 13 (ECDSAP256SHA256)', `PrivateKey: ${privateKey}`];
  writeFileSync(`${base}.private`, `${rows.join('\n')}\n`, { mode: 0o600 });
  return base;
}

/** Makes a key-signing key with dnssec-keygen; returns the path without extension. */
export async function makeKey(origin: string, folder: string): Promise<string> {
  const args = ['-q', '-K', folder, '-a', 'ECDSAP256SHA256', '-f', 'KSK', origin];
  return `${folder}/${(await runOk(getPeer('dnssec-keygen'), args)).trim()}`;
}

/** Signs a zone file with one key for everything (dnssec-signzone verifies the result itself); returns the file. */
export async function signWithBind(zone: ZoneFile, key: string): Promise<string> {
  const [keyed, signed] = [`${zone.file}.keyed`, `${zone.file}.signed`];
  writeFileSync(
    keyed,
    `${readFileSync(zone.file, 'latin1')}\n${readFileSync(`${key}.key`, 'latin1')}`,
    'latin1',
  );
  const args = [
    '-q',
    '-z',
    '-O',
    'full',
    '-d',
    dirname(zone.file),
    '-o',
    zone.origin,
    '-f',
    signed,
    keyed,
    key,
  ];
  await runOk(getPeer('dnssec-signzone'), args, 120_000);
  return signed;
}
