/** How memory looks: in the unit that has two or three digits. */
import type { ServerMemory, ZoneMemory } from '../control/memory-shapes.ts';

const UNITS = ['octets', 'KiB', 'MiB', 'GiB'] as const;
const KINDS = ['image', 'chain', 'apex', 'signatures', 'keys', 'objects'] as const;

/** `1.4 MiB`. */
export function octetWords(octets: number): string {
  let unit = 0;
  let value = octets;
  for (; value >= 1_000 && unit < UNITS.length - 1; unit++) value /= 1_024;
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** `up to 1.4 MiB: image 900 KiB, …`. */
export function memoryWords(memory: ZoneMemory): string {
  const parts = KINDS.filter((kind) => memory[kind] > 0).map(
    (kind) => `${kind === 'signatures' ? 'room for signatures' : kind} ${octetWords(memory[kind])}`,
  );
  return `up to ${octetWords(memory.total)}: ${parts.join(', ')}`;
}

/** The process and its zones, in a line. */
export function serverMemoryWords({ zones, resident, heapUsed }: ServerMemory): string {
  return `${octetWords(resident)} resident, heap ${octetWords(heapUsed)}; zones ${memoryWords(zones)}`;
}
