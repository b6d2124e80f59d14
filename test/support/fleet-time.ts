/** What happens in an event; it takes no time. */
export type Act = () => void | Promise<void>;

/** Events in the order of their instants; time jumps from one to the next. */
export interface Event {
  readonly at: number;
  readonly act: Act;
  isDropped: boolean;
}

/** A year has some thousands. */
const MAX_EVENTS = 100_000;

export class FleetTime {
  now: number;
  readonly #queue: Event[] = [];

  constructor(now: number) {
    this.now = now;
  }

  schedule(seconds: number, act: Act): Event {
    const event = { at: Math.ceil(this.now + seconds), act, isDropped: false };
    const later = this.#queue.findIndex(({ at }) => at > event.at);
    this.#queue.splice(later === -1 ? this.#queue.length : later, 0, event);
    return event;
  }

  /** Lets so much time pass; `survive` runs each event. */
  async run(seconds: number, survive: (act: Act) => Promise<void>): Promise<void> {
    const limit = this.now + seconds;
    for (let events = 0; ; events++) {
      const event = this.#queue[0];
      if (event === undefined || event.at > limit) break;
      if (events > MAX_EVENTS) throw new Error('the zone never rests');
      this.#queue.shift();
      if (event.isDropped) continue;
      this.now = event.at;
      await survive(event.act);
    }
    this.now = limit;
  }
}
