/**
 * The cookie secrets of data threads: of the file that servers share, or a random one. A fleet rolls its secret in three
 * steps (RFC 9018 §5), each a new file and a SIGHUP: the new secret below the old one, then above it, then alone.
 */
import fs from 'node:fs';
import { counted } from '../base/diagnostic.ts';
import type { Random } from '../base/ports.ts';
import type { Log } from '../ops/log.ts';
import type { EdnsConfig } from '../store/config-edns.ts';
import { parseCookieSecrets } from '../store/cookiesecrets.ts';
import { SECRET_OCTETS } from '../wire/cookie.ts';
import { StartError } from './starterror.ts';

const MAX_FILE_OCTETS = 65_536;
const FIX =
  'write a secret of 32 hexadecimal digits into it (openssl rand -hex 16), readable by the server alone';

/** The secrets, the one that makes cookies first; none if cookies are off. Throws StartError. */
export function cookieSecretsOf({ mode, secretFile }: EdnsConfig['cookies'], random: Random): Uint8Array[] {
  if (mode === 'off') return [];
  if (secretFile === undefined) return [random.octets(SECRET_OCTETS)];
  const secrets = parseCookieSecrets(readSecretFile(secretFile));
  if (typeof secrets !== 'string') return secrets;
  throw new StartError(`the cookie secrets ${secretFile} cannot be used: ${secrets}`, FIX);
}

/** Reads the file again, if there is one, and lets `use` have what is in it. If it is wrong, all stays as it is. */
export function rereadCookieSecrets(
  settings: EdnsConfig['cookies'],
  random: Random,
  log: Log,
  use: (secrets: readonly Uint8Array[]) => void,
): void {
  if (settings.mode === 'off' || settings.secretFile === undefined) return;
  try {
    const secrets = cookieSecretsOf(settings, random);
    use(secrets);
    log.info({ file: settings.secretFile }, `cookies: ${counted(secrets.length, 'secret')} read`);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    const code = 'COOKIE_SECRETS';
    log.error({ code, fix: error.fix }, `${error.message}; those that were read before stay in use`);
  }
}

function readSecretFile(file: string): string {
  try {
    const { size } = fs.statSync(file);
    if (size > MAX_FILE_OCTETS) throw new Error('it is longer than 64 KiB');
    return fs.readFileSync(file, 'latin1');
  } catch (error) {
    throw new StartError(`the cookie secrets ${file} cannot be read: ${(error as Error).message}`, FIX);
  }
}
