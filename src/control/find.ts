/** From the name in a request to the zone that it means. */
import type { ZoneSigning } from '../daemon/signing.ts';
import type { Zone } from '../daemon/zone.ts';
import type { Zones } from '../daemon/zones.ts';
import { lowerName, type Name, parseName } from '../wire/name.ts';
import { OperationError } from './operation.ts';

/** The name that a text stands for, the last dot may be missing. Throws OperationError. */
export function originOf(text: string): Name {
  const name = parseName(text.endsWith('.') ? text : `${text}.`);
  if (typeof name !== 'string') return lowerName(name);
  throw new OperationError('USAGE_WRONG', 'BAD_NAME', `"${text}" is no domain name: ${name}`);
}

/** Throws OperationError if there is no such zone. */
export function getZone(zones: Zones, text: string): Zone {
  const zone = zones.find(originOf(text));
  if (zone === undefined) throw noSuchZone(text);
  return zone;
}

/** A zone whose keys are at work. */
export interface SignedZone {
  readonly zone: Zone;
  readonly signing: ZoneSigning;
}

/** A zone with its keys. Throws OperationError if it has none at work. */
export function findSigned(zones: Zones, text: string): SignedZone {
  const zone = getZone(zones, text);
  const { signing, served, name } = zone;
  // Without a key a zone may not be servable; what is to be done about that is an order to its keys.
  if (signing !== undefined && (served !== undefined || signing.missing.length > 0)) return { zone, signing };
  if (served === undefined) throw notServed(name);
  throw new OperationError(
    'NO_SUCH_OBJECT',
    'ZONE_UNSIGNED',
    `${name} is served unsigned by a server that makes no keys`,
    'start the server without --unsigned',
  );
}

export function noSuchZone(zone: string): OperationError {
  return new OperationError(
    'NO_SUCH_OBJECT',
    'NO_SUCH_ZONE',
    `there is no zone ${zone}`,
    'put its file into the zones directory; "keyturn zone list" shows what is there',
  );
}

export function notServed(name: string): OperationError {
  return new OperationError(
    'DATA_WRONG',
    'ZONE_NOT_SERVED',
    `${name} is not served`,
    `run: keyturn zone reload ${name}`,
  );
}
