/**
 * The file of cookie secrets that several servers share: one secret of 32 hexadecimal digits a line, as in the
 * `cookie-secret-file` of NSD and Unbound and in `cookie-secret` of BIND and Knot DNS. What follows `#` is a comment.
 */
import { SECRET_OCTETS } from '../wire/cookie.ts';

const MAX_SECRETS = 4;
const SECRET = new RegExp(`^(?:0x)?([0-9a-f]{${2 * SECRET_OCTETS}})$`, 'i');

/** The secrets in a file, or what is wrong with it. Secrets are never part of the message. */
export function parseCookieSecrets(text: string): Uint8Array[] | string {
  const secrets: Uint8Array[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const written = line.replace(/#.*/, '').trim();
    if (written === '') continue;
    const digits = SECRET.exec(written)?.[1];
    if (digits === undefined)
      return `line ${index + 1} is no secret of ${2 * SECRET_OCTETS} hexadecimal digits`;
    secrets.push(new Uint8Array(Buffer.from(digits, 'hex')));
  }
  if (secrets.length === 0) return 'there is no secret in it';
  if (secrets.length > MAX_SECRETS) return `there are more than ${MAX_SECRETS} secrets in it`;
  return secrets;
}
