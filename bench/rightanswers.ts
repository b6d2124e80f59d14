/** Whether a server answers right: one that is fast at the wrong thing must not be measured. */
import { waitUntil } from '../test/support/processes.ts';
import { ask, type BenchServer } from './servers.ts';
import type { ServerName } from './setups.ts';

/** BIND signs while it serves: some seconds go by until the last name has its proof. */
const SIGNED_WITHIN_MS = 60_000;

interface Expected {
  readonly label: string;
  readonly has: readonly RegExp[];
  /** Signatures of a signed server. */
  readonly signatures: number;
}

/** Resolves when a server of `smallZone(10_000)` answers as the works count on, signed if it signs; throws if never. */
export async function untilRight(server: BenchServer, origin: string): Promise<void> {
  let fault: string | undefined;
  const isRight = async (): Promise<boolean> => {
    fault = await faultOf(server, origin);
    return fault === undefined;
  };
  try {
    await waitUntil(isRight, `${server.name} answers right`, SIGNED_WITHIN_MS, server.process);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${fault ?? ''}`);
  }
}

async function faultOf({ name, port }: BenchServer, origin: string): Promise<string | undefined> {
  const isSigned = isSigning(name);
  for (const { label, has, signatures } of expectedOf(name)) {
    const text = await ask(port, `${label}.${origin}`, 'A', isSigned);
    const missing = has.filter((pattern) => !pattern.test(text)).map(String);
    const found = text.match(/\sRRSIG\s+[A-Z]/g)?.length ?? 0;
    if (isSigned && found < signatures) missing.push(`${signatures} signatures (there are ${found})`);
    if (missing.length > 0) return `${label}: no ${missing.join(', no ')}\n${text}`;
  }
  return undefined;
}

function isSigning(name: ServerName): boolean {
  return !name.endsWith('unsigned');
}

function expectedOf(name: ServerName): Expected[] {
  const isCompact = name === 'keyturn compact' || name === 'knot onlinesign';
  const isHashed = name.endsWith('nsec3');
  const proof = isHashed ? /\sNSEC3\s+1 0 0 -/ : /\sNSEC\s/;
  const rcode = isCompact ? /status: NOERROR/ : /status: NXDOMAIN/;
  const address = (i: number): RegExp =>
    new RegExp(`host${i}\\.\\S+\\s.*\\sA\\s+192\\.0\\.2\\.${i % 250}\\n`);
  return [
    // The first and the last name: all between are signed as well.
    { label: 'host0', has: [/status: NOERROR/, /flags: qr aa/, address(0)], signatures: 1 },
    { label: 'host9999', has: [/status: NOERROR/, /flags: qr aa/, address(9_999)], signatures: 1 },
    {
      label: 'n0such',
      has: [rcode, /flags: qr aa/, /\sSOA\s/, ...(isSigning(name) ? [proof] : [])],
      signatures: isCompact ? 2 : isHashed ? 4 : 3,
    },
    {
      label: 'www.cut30',
      has: [/status: NOERROR/, /\sNS\s+ns\.cut30\./, /ns\.cut30\.\S+\s.*\sA\s/],
      signatures: 1,
    },
  ];
}
