/**
 * By what a registry of the test believes the first CDS of a child, for which no DS vouches. It is nobody's code but the
 * test's: `dig` asks, a validating `unbound` judges, and `dnssec-cds` has the last word (see `CdsScanner`).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { normalDs } from './above.ts';
import { digAt } from './dig.ts';

export interface ServerPlace {
  readonly address: string;
  readonly port: number;
}

/** Looks that must agree, and the time between them: a registry takes hours or days (RFC 8078 §3.2, §3.3). */
const LOOKS = 3;
const GAP_MS = 400;

/** What a child asks for: RDATA of both types as text, sorted. */
interface Request {
  readonly cds: readonly string[];
  readonly cdnskey: readonly string[];
}

/** Accept with extra checks (RFC 8078 §3.3): all servers say the same over TCP, several times. */
export function byExtraChecks(child: string, servers: readonly ServerPlace[]) {
  return async (): Promise<readonly string[] | string> => {
    const first = await requestAt(child, servers);
    for (let look = 1; typeof first !== 'string' && look < LOOKS; look++) {
      await sleep(GAP_MS);
      const next = await requestAt(child, servers);
      if (JSON.stringify(next) !== JSON.stringify(first)) return `${child}: CDS differ from look to look`;
    }
    return typeof first === 'string' ? first : first.cds;
  };
}

/** What RFC 9615 §4.2 asks for: `_dsboot` below each name server's name is validated, and says what the apex says. */
export function bySignals(
  child: string,
  servers: readonly ServerPlace[],
  hosts: readonly string[],
  resolver: ServerPlace,
) {
  return async (): Promise<readonly string[] | string> => {
    const request = await requestAt(child, servers);
    if (typeof request === 'string') return request;
    for (const host of hosts) {
      const name = `_dsboot.${child}_signal.${host}`;
      const [cds, cdnskey] = [
        await validated(resolver, name, 'CDS'),
        await validated(resolver, name, 'CDNSKEY'),
      ];
      if (typeof cds === 'string') return cds;
      if (typeof cdnskey === 'string') return cdnskey;
      const signal: Request = { cds: cds.map(normalDs).sort(), cdnskey: [...cdnskey].sort() };
      if (JSON.stringify(signal) !== JSON.stringify(request)) return `${name} differs from the apex`;
    }
    return request.cds;
  };
}

/** What all servers of a child say that it asks for; a text if that is nothing, or not the same. */
async function requestAt(child: string, servers: readonly ServerPlace[]): Promise<Request | string> {
  const requests: Request[] = [];
  for (const server of servers) {
    const [cds, cdnskey] = [await answered(server, child, 'CDS'), await answered(server, child, 'CDNSKEY')];
    if (cds.length === 0) return `${child}: no CDS at ${server.address}`;
    if (cds.some((rdata) => rdata.split(' ')[1] === '0')) return `${child}: CDS ask for no DS`;
    requests.push({ cds: cds.map(normalDs).sort(), cdnskey: [...cdnskey].sort() });
  }
  const [first, ...others] = requests.map((request) => JSON.stringify(request));
  if (others.some((other) => other !== first)) return `${child}: name servers differ`;
  return requests[0]!;
}

async function answered(server: ServerPlace, name: string, type: string): Promise<string[]> {
  const { answer } = await digAt(server, name, type, '+tcp');
  return answer.filter((record) => record.type === type).map(({ rdata }) => rdata);
}

async function validated(resolver: ServerPlace, name: string, type: string): Promise<string[] | string> {
  const { status, flags, answer } = await digAt(resolver, name, type, '+recurse', '+dnssec');
  if (status !== 'NOERROR' || !flags.includes('ad')) return `${name} ${type}: ${status}, not validated`;
  return answer.filter((record) => record.type === type).map(({ rdata }) => rdata);
}
