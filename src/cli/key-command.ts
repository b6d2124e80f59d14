/** `keyturn key import`: what the table does not know, as it is of this process: its directory, and what it can ask. */
import path from 'node:path';
import type { Command } from 'commander';
import { OperationError } from '../control/operation.ts';
import type { ParamsIn } from '../control/operations.ts';
import { checkParams, commandLineWord, parametersOf } from '../control/parameters.ts';
import { paramsOf, runOperation } from './command.ts';
import type { Runner } from './runner.ts';

const DNS_PORT = 53;

/** Adds `--served-by`, lets `--served` be repeated, and makes paths absolute. */
export function addImport(command: Command, runner: Runner): void {
  command.option('--served-by <addr[:port]>', 'ask this server which keys it serves (the old signer)');
  const option = command.options.find(({ long }) => long === '--served');
  option?.argParser((value: string, before: string[] = []) => [...before, value]);
  const parameters = parametersOf('key.import');
  command.action(async () => {
    const given = paramsOf(command, parameters);
    const { zone, path: paths } = checkParams('key.import', given, commandLineWord('key.import'));
    const { servedBy } = command.opts<{ readonly servedBy?: string }>();
    const asked = servedBy === undefined ? undefined : await servedKeys(zone, servedBy);
    const told = given.served as string[] | undefined;
    const params: ParamsIn<'key.import'> = {
      ...(given as ParamsIn<'key.import'>),
      path: paths.map((one) => path.resolve(one)),
      ...(asked === undefined ? {} : { served: [...(told ?? []), ...asked.records], servedTtl: asked.ttl }),
    };
    await runOperation('key.import', { ...params }, runner);
  });
}

/** The DNSKEY records that a server has of a zone. Throws OperationError. */
async function servedKeys(zone: string, server: string): Promise<{ records: string[]; ttl: number }> {
  const [{ ask, NoReplyError }, { readMessage }, { parseListen }, { parseName, lowerName, equalNames }] =
    await Promise.all([
      import('./query-client.ts'),
      import('../wire/message.ts'),
      import('../store/listen.ts'),
      import('../wire/name.ts'),
    ]);
  const [{ RCODE, RRTYPE }, { rcodeOf }, { formatRdata }] = await Promise.all([
    import('../wire/iana.ts'),
    import('../wire/header.ts'),
    import('../rdata/text.ts'),
  ]);
  const hasPort = /^\[.*\]:\d+$|^[^:]+:\d+$/.test(server);
  const bare = server.replace(/^\[(.*)\]$/, '$1');
  const target = parseListen(
    hasPort ? server : bare.includes(':') ? `[${bare}]:${DNS_PORT}` : `${bare}:${DNS_PORT}`,
  );
  if (typeof target === 'string') {
    throw new OperationError('USAGE_WRONG', 'BAD_PARAMETERS', `--served-by: "${server}" ${target}`);
  }
  const name = parseName(zone.endsWith('.') ? zone : `${zone}.`);
  if (typeof name === 'string') throw new OperationError('USAGE_WRONG', 'BAD_NAME', `"${zone}": ${name}`);
  const options = { dnssec: false, recurse: false, tcp: true, timeoutMs: 5_000, tries: 2 };
  try {
    const reply = await ask(target, { name: lowerName(name), type: RRTYPE.DNSKEY }, options);
    const message = readMessage(reply.octets);
    if (typeof message === 'string') throw new NoReplyError(`its answer cannot be read: ${message}`);
    if (rcodeOf(message.flags) !== RCODE.NOERROR) throw new NoReplyError('it does not serve the zone');
    const found = message.answer.filter(
      ({ type, owner }) => type === RRTYPE.DNSKEY && equalNames(lowerName(owner), 0, lowerName(name), 0),
    );
    const records = found.map(({ rdata }) => formatRdata(RRTYPE.DNSKEY, rdata, 0, rdata.length));
    return { records, ttl: Math.max(0, ...found.map(({ ttl }) => ttl)) };
  } catch (error) {
    if (!(error instanceof NoReplyError)) throw error;
    const fix = 'name a server that serves the zone as it is now, or leave --served-by out';
    throw new OperationError('UNREACHABLE', 'NO_ANSWER', `${server}: ${error.message}`, fix);
  }
}
