/** The cookie secrets that data threads start with: of the file that servers share, or a random one. */
import fs from 'node:fs';
import type { Random } from '../base/ports.ts';
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

function readSecretFile(file: string): string {
  try {
    const { size } = fs.statSync(file);
    if (size > MAX_FILE_OCTETS) throw new Error('it is longer than 64 KiB');
    return fs.readFileSync(file, 'latin1');
  } catch (error) {
    throw new StartError(`the cookie secrets ${file} cannot be read: ${(error as Error).message}`, FIX);
  }
}
