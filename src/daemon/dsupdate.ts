/** Sets the DS of a child at its parent by a dynamic update over TCP, signed with TSIG (RFC 2136, RFC 8945). */
import { randomInt } from 'node:crypto';
import { type FileStore, FileStoreError } from '../base/ports.ts';
import type { UnixSeconds } from '../base/time.ts';
import type { ServerAddress } from '../parent/network.ts';
import { type DsUpdate, isUpdateResponse, refusalOf, updateFor } from '../parent/update.ts';
import type { UpdateChannel } from '../store/config-handover.ts';
import { setId } from '../wire/header.ts';
import { RCODE } from '../wire/iana.ts';
import { formatName, isAtOrBelow, type Name } from '../wire/name.ts';
import type { Outcome } from './deliveries.ts';
import { TcpConnections } from './parenttcp.ts';
import { parseTsigKey, proveResponse, rcodeOfResponse, signMessage, type TsigKey } from './tsig.ts';

const TIMEOUT_MS = 10_000;
const MAX_KEY_OCTETS = 65_536;

/** Sends one update, and tells what became of it. Never rejects. */
export async function updateDs(
  channel: UpdateChannel,
  change: Pick<DsUpdate, 'child' | 'ds'>,
  { files, now }: { readonly files: FileStore; readonly now: () => UnixSeconds },
): Promise<Outcome> {
  const { zone: parent, ttl, server } = channel;
  if (!isBelow(change.child, parent)) {
    return { kind: 'failed', text: `${formatName(change.child)} is not below ${formatName(parent)}` };
  }
  const key = readKey(files, channel.key);
  if (typeof key === 'string') return { kind: 'retry', text: key };
  const message = updateFor({ ...change, parent, ttl });
  setId(message, randomInt(0x1_0000));
  const { message: signed, mac } = signMessage(message, key, now());
  const response = await ask(server, signed);
  if ('fault' in response) return { kind: 'retry', text: `${server.address}: ${response.fault}` };
  const outcome = judge(response, key, mac, now());
  return { ...outcome, text: `${server.address}: ${outcome.text}` };
}

async function ask(server: ServerAddress, message: Uint8Array) {
  const connections = new TcpConnections();
  try {
    return await connections.ask({ server, message, timeoutMs: TIMEOUT_MS });
  } finally {
    connections.close();
  }
}

/** An answer that is not proven changes nothing, but that our key is not known, which nobody can sign. */
function judge(response: Uint8Array, key: TsigKey, mac: Uint8Array, now: UnixSeconds): Outcome {
  if (!isUpdateResponse(response)) return { kind: 'retry', text: 'what came answers no update' };
  const proof = proveResponse(response, key, mac, now);
  const rcode = rcodeOfResponse(response);
  const said = rcode === RCODE.NOERROR ? 'it says that it is done' : refusalOf(rcode).text;
  if (proof.kind === 'rejected') return { kind: proof.isLasting ? 'failed' : 'retry', text: proof.text };
  if (proof.kind === 'unproven') return { kind: 'retry', text: `${said}, but ${proof.text}` };
  if (rcode === RCODE.NOERROR) {
    // RFC 8945 §6: to be known, and not to be used.
    const weak =
      key.algorithm === 'hmac-sha1' ? '; its key is of hmac-sha1, replace it by one of hmac-sha256' : '';
    return { kind: 'done', text: `the parent has taken the update${weak}` };
  }
  const { text, isLasting } = refusalOf(rcode);
  return { kind: isLasting ? 'failed' : 'retry', text };
}

function readKey(files: FileStore, path: string): TsigKey | string {
  try {
    const key = parseTsigKey(Buffer.from(files.read(path, MAX_KEY_OCTETS)).toString('utf8'));
    return typeof key === 'string' ? `${path} is no TSIG key: ${key}` : key;
  } catch (error) {
    if (!(error instanceof FileStoreError)) throw error;
    return `${path} cannot be read: ${error.code}`;
  }
}

function isBelow(child: Name, parent: Name): boolean {
  return child.length > parent.length && isAtOrBelow(child, parent);
}
