/**
 * Plain data as a short text of octets, and back: for what lies in memory a hundred thousand times and is seldom asked for.
 * A form says both how a value is put and how it is taken, so that the two cannot differ. A form may change with every
 * version: what lies on a disk says by which `shape` it was packed. What has a `shared` text stays in its thread.
 *
 *     number    a whole one from zero on, seven bits an octet, the lowest first; the eighth bit: more follow
 *     instant   seconds since the instant that was put before it, their sign in the lowest bit
 *     text      its place, if it was put before; else digits of a UUID or of hexadecimal octets, or its characters
 *     shared    the number of a text that many values have; its characters, if too many have been shared
 */
import { assert } from './assert.ts';
import type { UnixSeconds } from './time.ts';

/** Raised when a kind of value is put in another way than before. */
const PACKING = 1;

/** How values of one kind are packed. */
export interface Form<T> {
  /** What is put, in which order: values that are put by one shape are taken by the same. */
  readonly shape: string;
  put(value: T, into: PackWriter): void;
  take(from: PackReader): T;
}

/** Packs a value: equal values make the same text. */
export function pack<T>(form: Form<T>, value: T): string {
  writer.begin();
  form.put(value, writer);
  return writer.end();
}

/** The value of a text that `pack` made with the same form. */
export function unpack<T>(form: Form<T>, packed: string): T {
  const reader = new PackReader(packed);
  const value = form.take(reader);
  assert(reader.isAtEnd, 'a packed value is taken whole');
  return value;
}

/** What tells whether a text that was packed some time ago can be unpacked with this form. */
export function packingOf({ shape }: Form<unknown>): string {
  return `${PACKING} ${shape}`;
}

/** How many items the list has that a packed value begins with. */
export function firstCount(packed: string): number {
  return new PackReader(packed).number();
}

// ---- Octets ----

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const HEX = /^(?:[0-9a-f]{2})+$/;
/** What a text begins with that was not put before; from `EARLIER` on it is the place of one that was. */
const [CHARACTERS, HEX_DIGITS, UUID_DIGITS, EARLIER] = [0, 1, 2, 3];

export class PackWriter {
  #octets = Buffer.allocUnsafe(4_096);
  #length = 0;
  #instant = 0;
  readonly #places = new Map<string, number>();

  begin(): void {
    this.#length = 0;
    this.#instant = 0;
    this.#places.clear();
  }

  end(): string {
    return this.#octets.toString('latin1', 0, this.#length);
  }

  number(value: number): void {
    assert(Number.isSafeInteger(value) && value >= 0, 'a number that is packed is a whole one');
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) this.#octet((rest & 0x7f) | 0x80);
    this.#octet(rest);
  }

  instant(at: UnixSeconds): void {
    const passed = at - this.#instant;
    this.number(passed < 0 ? -2 * passed - 1 : 2 * passed);
    this.#instant = at;
  }

  octets(octets: Uint8Array): void {
    this.number(octets.length);
    for (const octet of octets) this.#octet(octet);
  }

  text(text: string): void {
    const place = this.#places.get(text);
    if (place !== undefined) {
      this.number(EARLIER + place);
      return;
    }
    this.#places.set(text, this.#places.size);
    if (UUID.test(text)) {
      this.number(UUID_DIGITS);
      this.octets(Buffer.from(text.replaceAll('-', ''), 'hex'));
    } else if (HEX.test(text)) {
      this.number(HEX_DIGITS);
      this.octets(Buffer.from(text, 'hex'));
    } else {
      this.number(CHARACTERS);
      this.number(text.length);
      for (let i = 0; i < text.length; i++) this.number(text.charCodeAt(i));
    }
  }

  #octet(octet: number): void {
    if (this.#length === this.#octets.length) this.#octets = Buffer.concat([this.#octets, this.#octets]);
    this.#octets[this.#length++] = octet;
  }
}

/** One after the other packs with it: what is packed often makes no garbage. */
const writer = new PackWriter();

export class PackReader {
  readonly #packed: string;
  #at = 0;
  #instant = 0;
  readonly #texts: string[] = [];

  constructor(packed: string) {
    this.#packed = packed;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#packed.length;
  }

  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const octet = this.#packed.charCodeAt(this.#at++);
      value += (octet & 0x7f) * scale;
      if (octet < 0x80) return value;
      assert(octet <= 0xff, 'a packed value does not end within a number');
    }
  }

  instant(): UnixSeconds {
    const passed = this.number();
    this.#instant += passed % 2 === 0 ? passed / 2 : -(passed + 1) / 2;
    return this.#instant as UnixSeconds;
  }

  octets(): Uint8Array {
    const length = this.number();
    const octets = new Uint8Array(length);
    for (let i = 0; i < length; i++) octets[i] = this.#packed.charCodeAt(this.#at++);
    return octets;
  }

  text(): string {
    const kind = this.number();
    if (kind >= EARLIER) return this.#texts[kind - EARLIER]!;
    const text = kind === CHARACTERS ? this.#characters() : this.#digits(kind === UUID_DIGITS);
    this.#texts.push(text);
    return text;
  }

  #digits(isUuid: boolean): string {
    const length = this.number();
    const hex = Buffer.from(this.#packed.slice(this.#at, this.#at + length), 'latin1').toString('hex');
    this.#at += length;
    if (!isUuid) return hex;
    const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)];
    return parts.join('-');
  }

  #characters(): string {
    let text = '';
    for (let left = this.number(); left > 0; left--) text += String.fromCharCode(this.number());
    return text;
  }
}

// ---- Forms ----

export const number: Form<number> = {
  shape: 'number',
  put: (value, into) => into.number(value),
  take: (from) => from.number(),
};

export const instant: Form<UnixSeconds> = {
  shape: 'instant',
  put: (at, into) => into.instant(at),
  take: (from) => from.instant(),
};

export const text: Form<string> = {
  shape: 'text',
  put: (value, into) => into.text(value),
  take: (from) => from.text(),
};

/** Texts of which there are few, in many values: each is in memory once, and stays there. Numbers are of this thread. */
export function shared<T extends string>(atMost: number): Form<T> {
  const [texts, numbers]: [T[], Map<string, number>] = [[], new Map()];
  const numberOf = (value: T) => {
    const known = numbers.get(value);
    if (known !== undefined || texts.length === atMost) return known;
    numbers.set(value, texts.length);
    return texts.push(value) - 1;
  };
  return {
    shape: 'shared',
    put(value, into) {
      const at = numberOf(value);
      into.number(at === undefined ? 0 : at + 1);
      if (at === undefined) into.text(value);
    },
    take(from) {
      const at = from.number();
      return at === 0 ? (from.text() as T) : texts[at - 1]!;
    },
  };
}

export const octets: Form<Uint8Array> = {
  shape: 'octets',
  put: (value, into) => into.octets(value),
  take: (from) => from.octets(),
};

/** One of these values, as its place among them. */
export function oneOf<T>(values: readonly T[]): Form<T> {
  return {
    shape: `(${values.join('|')})`,
    put: (value, into) => into.number(values.indexOf(value)),
    take: (from) => values[from.number()]!,
  };
}

export const flag: Form<boolean> = oneOf([false, true]);

export function nullable<T>(form: Form<T>): Form<T | null> {
  return unless(null, form);
}

/** A field that may not be there. */
export function optional<T>(form: Form<T>): Form<T | undefined> {
  return unless(undefined, form);
}

function unless<T, N>(nothing: N, form: Form<T>): Form<T | N> {
  return {
    shape: `${form.shape}|${nothing}`,
    put(value, into) {
      into.number(value === nothing ? 0 : 1);
      if (value !== nothing) form.put(value as T, into);
    },
    take: (from) => (from.number() === 0 ? nothing : form.take(from)),
  };
}

export function list<T>(form: Form<T>): Form<readonly T[]> {
  return {
    shape: `[${form.shape}]`,
    put(values, into) {
      into.number(values.length);
      for (const value of values) form.put(value, into);
    },
    take(from) {
      const values: T[] = [];
      for (let left = from.number(); left > 0; left--) values.push(form.take(from));
      return values;
    },
  };
}

/** An object, field by field in this order; fields that are undefined are not there. */
export function record<T extends object>(forms: { readonly [K in keyof T & string]-?: Form<T[K]> }): Form<T> {
  const fields = Object.entries(forms) as [keyof T & string, Form<unknown>][];
  return {
    shape: `{${fields.map(([name, { shape }]) => `${name}:${shape}`).join()}}`,
    put(value, into) {
      for (const [name, form] of fields) form.put(value[name], into);
    },
    take(from) {
      const object: Partial<Record<keyof T, unknown>> = {};
      for (const [name, form] of fields) {
        const value = form.take(from);
        if (value !== undefined) object[name] = value;
      }
      return object as T;
    },
  };
}
