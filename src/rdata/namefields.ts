/** Fields that are domain names or lists of them. Names in RDATA of a zone are never compressed. */
import { formatName, nameOctets } from '../wire/name.ts';
import { checkName, type Field } from './field.ts';

/** One name; lowered where the type's row says so. */
export const name: Field = {
  parse: (parser) => parser.name(),
  check: (cursor) => checkName(cursor),
  format(cursor) {
    const at = cursor.at;
    cursor.at += nameOctets(cursor.octets, at);
    return formatName(cursor.octets, at);
  },
};

/** Names up to the end of the RDATA, possibly none (HIP rendezvous servers, RFC 8005 §5). */
export const names: Field = {
  parse(parser) {
    while (parser.hasToken()) if (!parser.name()) return false;
    return true;
  },
  check(cursor) {
    while (cursor.at < cursor.end) if (!checkName(cursor)) return false;
    return true;
  },
  format(cursor) {
    const texts: string[] = [];
    while (cursor.at < cursor.end) texts.push(name.format(cursor) as string);
    return texts.join(' ');
  },
};
