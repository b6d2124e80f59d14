/**
 * Names and messages as the independent validator sees them. Nothing of `src` is used: a fault there must not repeat
 * itself here.
 *
 * A name is a string of its labels from the root down, each with a zero in front and every octet one higher, letters in
 * lower case: `www.example.` is `\0fybnqmf\0xxx`. So the canonical order of names (RFC 4034 §6.1) is the order of these
 * strings, an ancestor is a prefix, and the root is empty.
 */

declare const NAME: unique symbol;
export type Name = string & { readonly [NAME]: true };

/** Octets that are no message, no name or no bitmap. */
export class Malformed extends Error {}

export const ROOT: Name = '' as Name;
/** RFC 1035 §2.3.4. */
const MAX_NAME_OCTETS = 255;

function shifted(octet: number): string {
  const isCapital = octet >= 65 && octet <= 90;
  return String.fromCharCode((isCapital ? octet + 32 : octet) + 1);
}

/** The name made of these labels, the leftmost first, each a `latin1` string. */
export function nameOfLabels(labels: readonly string[]): Name {
  return [...labels]
    .reverse()
    .map((label) => `\0${[...Buffer.from(label, 'latin1')].map(shifted).join('')}`)
    .join('') as Name;
}

/** Labels as `latin1` strings, the leftmost first, in lower case. */
export function labelsOf(name: Name): string[] {
  return name
    .split('\0')
    .slice(1)
    .reverse()
    .map((label) =>
      Array.from(label, (character) => String.fromCharCode(character.charCodeAt(0) - 1)).join(''),
    );
}

/** How many labels a name has, the root's not counted. */
export function labelCount(name: Name): number {
  let count = 0;
  for (let at = 0; at < name.length; at++) if (name.charCodeAt(at) === 0) count++;
  return count;
}

/** The name above; the root has none. */
export function parentOf(name: Name): Name {
  return name.slice(0, name.lastIndexOf('\0')) as Name;
}

/** True if `name` is `ancestor` or below it. */
export function isAtOrBelow(name: Name, ancestor: Name): boolean {
  return name.startsWith(ancestor) && (name.length === ancestor.length || name[ancestor.length] === '\0');
}

export function isBelow(name: Name, ancestor: Name): boolean {
  return name !== ancestor && isAtOrBelow(name, ancestor);
}

/** `name` and all names above it, up to and with `top`. */
export function upTo(name: Name, top: Name): Name[] {
  const names = [name];
  for (let above = name; above !== top && above !== ROOT; names.push(above)) above = parentOf(above);
  return names;
}

/** The longest name that both are at or below. */
export function commonAncestor(one: Name, other: Name): Name {
  let above = one;
  while (!isAtOrBelow(other, above)) above = parentOf(above);
  return above;
}

/** The ancestor of `name`, or itself, that has `labels` labels. */
export function truncateTo(name: Name, labels: number): Name {
  let above = name;
  for (let extra = labelCount(name) - labels; extra > 0; extra--) above = parentOf(above);
  return above;
}

export function wildcardBelow(encloser: Name): Name {
  return `${encloser}\0+` as Name;
}

export function isWildcard(name: Name): boolean {
  return name.endsWith('\0+');
}

/** What stands for `name` below `owner` in the place that a DNAME redirects to (RFC 6672 §2.2). */
export function substitute(name: Name, owner: Name, target: Name): Name {
  return (target + name.slice(owner.length)) as Name;
}

/** Octets in wire form. */
export function nameOctets(name: Name): number {
  return name.length + 1;
}

export function isTooLong(name: Name): boolean {
  return nameOctets(name) > MAX_NAME_OCTETS;
}

/** Wire form, in lower case. */
export function nameToWire(name: Name): Buffer {
  const parts = labelsOf(name).flatMap((label) => [
    Buffer.from([label.length]),
    Buffer.from(label, 'latin1'),
  ]);
  return Buffer.concat([...parts, Buffer.from([0])]);
}

/** Presentation form, for reports and zone files: all but letters, digits, hyphens and asterisks as `\DDD`. */
export function nameToText(name: Name): string {
  const labels = labelsOf(name).map((label) =>
    label.replace(/[^a-z0-9*_-]/gs, (octet) => `\\${octet.charCodeAt(0).toString().padStart(3, '0')}`),
  );
  return `${labels.join('.')}.`;
}

/** A name without compression, and where it ends. Throws if it is none. */
export function nameAt(octets: Uint8Array, from: number): { readonly name: Name; readonly end: number } {
  const labels: string[] = [];
  let at = from;
  for (;;) {
    const length = octets[at];
    if (length === undefined || length > 63) throw new Malformed(`no label of a name at ${at}`);
    if (length === 0) break;
    labels.push(Buffer.from(octets.subarray(at + 1, at + 1 + length)).toString('latin1'));
    at += 1 + length;
  }
  const name = nameOfLabels(labels);
  if (isTooLong(name)) throw new Malformed('a name over 255 octets');
  return { name, end: at + 1 };
}
