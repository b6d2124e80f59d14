/**
 * The server's side of DNS over TLS (RFC 7858, RFC 8310): TLS 1.2 or later, ALPN `dot` (RFC 7301). Sessions resume by
 * tickets whose key is a day old at most and stays in this process; there is no early data and no renegotiation.
 */
import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';

/** A certificate with its chain and its private key, both PEM. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

const ALPN = ['dot'];
const RENEW_MS = 86_400_000;
const SESSION_SECONDS = 7_200;

/** Makes what TLS is spoken with. Throws what OpenSSL finds wrong with certificate or key. */
export function secureContextOf({ certificate, key }: Certificate): SecureContext {
  return createSecureContext({
    cert: certificate,
    key,
    minVersion: 'TLSv1.2',
    sessionTimeout: SESSION_SECONDS,
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_CIPHER_SERVER_PREFERENCE,
  });
}

/** Speaks TLS with what is the certificate now. */
export class TlsEnd {
  #certificate: Certificate;
  #context: SecureContext;
  #madeAt = performance.now();

  /** Throws what OpenSSL finds wrong with certificate or key. */
  constructor(certificate: Certificate) {
    this.#certificate = certificate;
    this.#context = secureContextOf(certificate);
  }

  /** Connections that begin from now on see this certificate. Throws as the constructor does; then the old one stays. */
  setCertificate(certificate: Certificate): void {
    this.#context = secureContextOf(certificate);
    this.#certificate = certificate;
    this.#madeAt = performance.now();
  }

  /** Begins TLS on a connection; `secure` is called when it is agreed upon. A failure closes the connection. */
  begin(socket: Socket, secure: () => void): TLSSocket {
    // A new context has a new ticket key.
    if (performance.now() - this.#madeAt > RENEW_MS) this.setCertificate(this.#certificate);
    const tls = new TLSSocket(socket, {
      isServer: true,
      secureContext: this.#context,
      ALPNProtocols: ALPN,
    });
    tls.once('secure', secure);
    return tls;
  }
}
