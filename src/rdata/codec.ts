/** The rows of rdata/descriptor made ready to run: per type an array of fields, resolved once. */
import { assert } from '../base/assert.ts';
import { a6, addressPrefixes, atmAddress, ipv4, ipv6, nsap } from './addressfields.ts';
import { nxtBitmap, typeBitmap, typeBitmapFilled, wellKnownServices } from './bitmapfields.ts';
import {
  base64,
  base64Optional,
  base64OrDash,
  dsDigest,
  fingerprint,
  hex,
  keyOrNone,
  nextHash,
  salt,
  zoneDigest,
} from './blobfields.ts';
import { describedTypes, findDescriptor, type TypeDescriptor } from './descriptor.ts';
import type { Field } from './field.ts';
import { amtRelay, hostIdentity, ipsecKey } from './gatewayfields.ts';
import { location } from './locationfield.ts';
import { name, names } from './namefields.ts';
import {
  algorithm,
  certificateType,
  digestType,
  dsyncScheme,
  duration,
  eui48,
  eui64,
  keyFlags,
  keyProtocol,
  locator64,
  rrtype,
  timestamp,
  u8,
  u16,
  u32,
  u64,
} from './numberfields.ts';
import {
  digits,
  optionalString,
  propertyTag,
  restString,
  restStringFilled,
  string,
  strings,
} from './stringfields.ts';
import { serviceParams } from './svcparams.ts';

/** Kinds of fields that rows of rdata/descriptor may name. */
const FIELDS: Readonly<Record<string, Field>> = {
  a6,
  addressPrefixes,
  algorithm,
  amtRelay,
  atmAddress,
  base64,
  base64Optional,
  base64OrDash,
  certificateType,
  digestType,
  digits,
  dsDigest,
  dsyncScheme,
  duration,
  eui48,
  eui64,
  fingerprint,
  hex,
  hostIdentity,
  ipsecKey,
  ipv4,
  ipv6,
  keyFlags,
  keyOrNone,
  keyProtocol,
  location,
  locator64,
  name,
  names,
  nextHash,
  nsap,
  nxtBitmap,
  optionalString,
  propertyTag,
  restString,
  restStringFilled,
  rrtype,
  salt,
  serviceParams,
  string,
  strings,
  timestamp,
  typeBitmap,
  typeBitmapFilled,
  u16,
  u32,
  u64,
  u8,
  wellKnownServices,
  zoneDigest,
};

/** How RDATA of one type is parsed, checked and written. */
export interface Codec {
  readonly fields: readonly Field[];
  /** What the fields are called, for messages. */
  readonly names: readonly string[];
  readonly lowersNames: boolean;
}

function codecOf(descriptor: TypeDescriptor): Codec {
  const parts = descriptor.fields.split(' ').map((part) => part.split(':') as [string, string]);
  const fields = parts.map(([, kind]) => {
    const field = FIELDS[kind];
    assert(field !== undefined, `a field of kind ${kind} exists`);
    return field;
  });
  return {
    fields,
    names: parts.map(([label]) => label.replaceAll('-', ' ')),
    lowersNames: descriptor.lowersNames,
  };
}

const CODECS = new Map<number, Codec>(
  describedTypes().map((type) => [type, codecOf(findDescriptor(type) as TypeDescriptor)]),
);

/** The codec of a type; undefined if its RDATA is opaque. */
export function findCodec(type: number): Codec | undefined {
  return CODECS.get(type);
}
