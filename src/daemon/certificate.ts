/**
 * The certificate of DNS over TLS: read at the start, and again when its files change or SIGHUP says so. One that cannot
 * be used leaves the old one in service and raises an alarm; so does one that ends soon.
 */
import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import type { Clock } from '../base/ports.ts';
import type { EventSink } from '../ops/events.ts';
import type { Log } from '../ops/log.ts';
import type { TlsFiles } from '../store/config-transport.ts';
import { type Certificate, secureContextOf } from '../transport/tls.ts';
import type { Scheduler } from './scheduler.ts';
import { StartError } from './starterror.ts';

const LOOK_MS = 10_000;
const EXPIRY_SECONDS = 7 * 86_400;
const MAX_FILE_OCTETS = 1 << 20;

/** What must be seen to. */
export interface CertificateAlarm {
  readonly code: 'TLS_CERTIFICATE';
  readonly message: string;
  readonly fix: string;
}

export interface CertificateOptions {
  readonly files: TlsFiles;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly log: Log;
  readonly events: EventSink;
  /** Shows a certificate, which was checked, from now on. */
  readonly show: (certificate: Certificate) => void;
}

export class CertificateKeeper {
  readonly #options: CertificateOptions;
  /** Of the files that were read last, whatever came of them. */
  #signature = '';
  /** Why the newest files are not in service. */
  #fault: string | undefined;
  /** Unix seconds at which the certificate in service ends. */
  #endsAt = Number.POSITIVE_INFINITY;
  #told: string | undefined;

  constructor(options: CertificateOptions) {
    this.#options = options;
  }

  get alarms(): readonly CertificateAlarm[] {
    const message = this.#alarmMessage();
    if (message === undefined) return [];
    return [
      {
        code: 'TLS_CERTIFICATE',
        message,
        fix: 'put a certificate and its key in place; SIGHUP reads them at once',
      },
    ];
  }

  /** Reads the files for the first time, and looks at them from now on. Throws StartError. */
  start(): void {
    this.look();
    if (this.#fault !== undefined) {
      throw new StartError(
        this.#fault,
        'name PEM files of a certificate and its key below tls in the configuration',
      );
    }
  }

  /** Reads the files if they have changed. */
  look(): void {
    this.#options.scheduler.after('certificate', LOOK_MS, () => this.look());
    const { certificate, key } = this.#options.files;
    const signature = `${signatureOf(certificate)} ${signatureOf(key)}`;
    if (signature !== this.#signature) {
      this.#signature = signature;
      this.#read();
    }
    this.#tell();
  }

  #read(): void {
    const { files, log, show } = this.#options;
    try {
      const read = { certificate: readText(files.certificate), key: readText(files.key) };
      secureContextOf(read);
      const { subject, validTo } = new X509Certificate(read.certificate);
      this.#endsAt = Date.parse(validTo) / 1000;
      this.#fault = undefined;
      show(read);
      log.info({ file: files.certificate, subject, validTo }, 'TLS shows this certificate from now on');
    } catch (error) {
      const why = (error as Error).message;
      this.#fault = `the TLS certificate ${files.certificate} with the key ${files.key} cannot be used: ${why}`;
    }
  }

  #alarmMessage(): string | undefined {
    if (this.#fault !== undefined) return this.#fault;
    if (this.#endsAt - this.#options.clock.now() > EXPIRY_SECONDS) return undefined;
    return `the TLS certificate ${this.#options.files.certificate} ends at ${new Date(this.#endsAt * 1000).toISOString()}`;
  }

  /** Tells once of an alarm, and once of its end. */
  #tell(): void {
    const { log, events } = this.#options;
    const [alarm] = this.alarms;
    if (alarm?.message === this.#told) return;
    this.#told = alarm?.message;
    const code = 'TLS_CERTIFICATE';
    if (alarm === undefined) {
      log.info({ code }, `${code} is over`);
      events.add({ kind: 'alarm-over', zone: null, message: `${code} is over`, details: { code } });
      return;
    }
    const { message, fix } = alarm;
    log.error({ code, fix }, `${message}. ${fix}`);
    events.add({ kind: 'alarm', zone: null, message, details: { code, fix } });
  }
}

/** What changes when a file is written or replaced; certificates are links more often than not, which are followed. */
function signatureOf(file: string): string {
  try {
    const { ino, size, mtimeMs, ctimeMs } = fs.statSync(file);
    return `${ino}.${size}.${mtimeMs}.${ctimeMs}`;
  } catch (error) {
    // Gone, or in a directory that was closed to us: reading it says so.
    return `${(error as NodeJS.ErrnoException).code}`;
  }
}

function readText(file: string): string {
  const { size } = fs.statSync(file);
  if (size > MAX_FILE_OCTETS) throw new Error(`${file} is longer than 1 MiB`);
  return fs.readFileSync(file, 'latin1');
}
