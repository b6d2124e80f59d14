/** Asks a server of DNS which keys it serves of a zone. */
import { originOf } from '../control/find.ts';
import { OperationError } from '../control/operation.ts';
import { formatRdata } from '../rdata/text.ts';
import { type Listen, parseListen } from '../store/listen.ts';
import { rcodeOf } from '../wire/header.ts';
import { RCODE, RRTYPE } from '../wire/iana.ts';
import { readMessage } from '../wire/message.ts';
import { equalNames, lowerName } from '../wire/name.ts';
import { ask, DNS_PORT, NoReplyError } from './query-client.ts';
import { optionsOf } from './query-flags.ts';

const OPTIONS = optionsOf({ tcp: true, edns: true, timeout: '5s', tries: '1' });

export interface ServedKeys {
  /** DNSKEY RDATA, in presentation form. */
  readonly records: string[];
  readonly ttl: number;
}

/** The DNSKEY records that the server `ADDR[:PORT]` has of a zone. Throws OperationError. */
export async function servedKeys(zone: string, server: string): Promise<ServedKeys> {
  const target = targetOf(server);
  const name = originOf(zone);
  try {
    const reply = await ask(target, { name, type: RRTYPE.DNSKEY }, OPTIONS);
    const message = readMessage(reply.octets);
    if (typeof message === 'string') throw new NoReplyError(`its answer cannot be read: ${message}`);
    if (rcodeOf(message.flags) !== RCODE.NOERROR) throw new NoReplyError('it does not serve the zone');
    const found = message.answer.filter(
      ({ type, owner }) => type === RRTYPE.DNSKEY && equalNames(lowerName(owner), 0, name, 0),
    );
    const records = found.map(({ rdata }) => formatRdata(RRTYPE.DNSKEY, rdata, 0, rdata.length));
    return { records, ttl: Math.max(0, ...found.map(({ ttl }) => ttl)) };
  } catch (error) {
    if (!(error instanceof NoReplyError)) throw error;
    const fix = 'name a server that serves the zone as it is now, or leave --served-by out';
    throw new OperationError('UNREACHABLE', 'NO_ANSWER', `${server}: ${error.message}`, fix);
  }
}

/** An address of either family, with a port or without. */
function targetOf(server: string): Listen {
  const hasPort = /^\[.*\]:\d+$|^[^:]+:\d+$/.test(server);
  const bare = server.replace(/^\[(.*)\]$/, '$1');
  const target = parseListen(
    hasPort ? server : bare.includes(':') ? `[${bare}]:${DNS_PORT}` : `${bare}:${DNS_PORT}`,
  );
  if (typeof target !== 'string') return target;
  throw new OperationError('USAGE_WRONG', 'BAD_PARAMETERS', `--served-by: "${server}" ${target}`);
}
