/** Explanations: what the server says about its sockets, its certificate and its process. */
import type { Explanations } from './explanation.ts';

export const SERVER_ALARM_CODES = {
  TLS_CERTIFICATE: {
    meaning: 'The certificate of DNS over TLS cannot be used, or it ends within a week.',
    cause:
      'It was not renewed; or its file and that of the key do not belong together, are no PEM, or cannot be read.',
    effect:
      'Connections go on with the certificate that was read before; clients refuse it when it has ended.',
    fix: 'Put a certificate and its key in place; the server reads them within ten seconds, and at once on SIGHUP.',
    rfc: 'RFC 7858 §3.2',
  },
} as const satisfies Explanations;

export const SERVER_CONFIG_CODES = {
  COOKIE_SECRETS: {
    meaning: 'The file of cookie secrets cannot be used, now that it was read again.',
    cause: 'A line of it is no secret of 32 hexadecimal digits, or it cannot be read.',
    effect: 'Cookies are made and accepted by the secrets that were read before.',
    fix: 'Write one secret a line (openssl rand -hex 16), then send SIGHUP.',
    rfc: 'RFC 9018 §5',
  },
  CONFIG_NO_CERTIFICATE: {
    meaning: 'DNS over TLS shall be served without a certificate.',
    cause: 'listenTls names addresses, and there is no key "tls".',
    effect: 'The configuration is not taken; the server does not start with it.',
    fix: 'Name the PEM files: tls: { certificate: FILE, key: FILE }.',
  },
} as const satisfies Explanations;
