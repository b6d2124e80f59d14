/** Certificates of tests: made by openssl when they are needed, for the name ns.example.net. */
import { join } from 'node:path';
import type { TlsFiles } from '../../src/store/config-transport.ts';
import { getPeer } from './peers.ts';
import { runOk } from './processes.ts';

/** Makes a self-signed certificate and its key in `folder`; `name` is its common name. */
export async function makeCertificate(folder: string, name = 'ns.example.net', days = 30): Promise<TlsFiles> {
  const files = { certificate: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`];
  await runOk(getPeer('openssl'), [
    ...['req', '-x509', ...kind, ...subject, '-days', `${days}`],
    ...['-out', files.certificate, '-keyout', files.key],
  ]);
  return files;
}
