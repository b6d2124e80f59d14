/** What happens to bulk rotations, told to the log and to those who follow the events. */

import type { BulkJob } from '../kasp/bulk.ts';
import type { EventSink } from '../ops/events.ts';
import type { Log } from '../ops/log.ts';

export class JobLog {
  readonly #log: Log;
  readonly #events: EventSink;

  constructor(log: Log, events: EventSink) {
    this.#log = log;
    this.#events = events;
  }

  started(job: BulkJob): void {
    const { request, chosen, zones } = job;
    const text = `${request.type} rollover of ${zones.length} zones (${chosen}) started`;
    this.#log.info({ job: job.id }, text);
    this.#tell(job, 'started', text);
  }

  /** The job of a former process goes on in this one. */
  goesOn(job: BulkJob): void {
    this.#log.info({ job: job.id }, `going on with the ${job.request.type} rollover of ${job.chosen}`);
  }

  /** Tells what differs between two states of a job. */
  changed(before: BulkJob, job: BulkJob): void {
    const left = job.zones.length - job.next;
    const words = `the ${job.request.type} rollover of ${job.chosen}`;
    for (const { zone, code, message } of job.failed.slice(before.failed.length)) {
      this.#log.warn({ job: job.id, zone, code }, `${words} failed for ${zone}: ${message}`);
      this.#tell(job, 'failed', `${words} failed: ${message}`, { zone, code });
    }
    if (job.state !== before.state && job.state === 'stopped') {
      const text = `${words} has stopped after ${job.failed.length} failures; ${left} zones are left`;
      this.#log.error({ job: job.id }, text);
      this.#tell(job, 'stopped', text);
    } else if (job.state !== before.state && job.state === 'cancelled') {
      const text = `${words} was cancelled; ${left} zones were not begun`;
      this.#log.info({ job: job.id }, text);
      this.#tell(job, 'cancelled', text);
    }
    if (job.endedAt === null || before.endedAt !== null) return;
    const text = `${words} has ended: ${job.zones.length - left - job.failed.length} done`;
    this.#log.info({ job: job.id }, text);
    this.#tell(job, 'ended', text);
  }

  #tell({ id }: BulkJob, event: string, message: string, about?: { zone: string; code: string }): void {
    const code = about === undefined ? {} : { code: about.code };
    this.#events.add({
      kind: 'job',
      zone: about?.zone ?? null,
      message,
      details: { event, job: id, ...code },
    });
  }
}
