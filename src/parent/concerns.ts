/**
 * What the DS records at the parent show that a person must see to, as codes with what to do. Health, `status` and reminders
 * tell the same.
 */
import { tagOfDs } from '../dnssec/ds.ts';
import { formatName } from '../wire/name.ts';
import type { Chain } from './chain.ts';

/** Codes of what is wrong, explained by `keyturn explain`. */
export type ChainCode =
  | 'PARENT_DS_ORPHAN'
  | 'PARENT_DS_UNSIGNED'
  | 'PARENT_DS_FOREIGN'
  | 'PARENT_DS_RETURNED';

/** Something that a person must see to. */
export interface Concern<C extends string = string> {
  readonly level: 'warning' | 'critical';
  readonly code: C;
  readonly message: string;
  readonly fix: string;
}

/** What is wrong between the parent and the keys of a zone, the worst first. */
export function chainConcerns(zone: string, chain: Chain): Concern<ChainCode>[] {
  const where = formatName(chain.look.parent);
  if (chain.isBroken) return [chain.isSigned ? outage(zone, where, chain) : unsigned(zone, where, chain)];
  const { foreign, returned } = chain;
  const concerns: Concern<ChainCode>[] = [];
  if (foreign.length > 0) {
    const tags = foreign.map(tagOfDs).join(', ');
    const message = `${where} has a DS (${tags}) of no key that is served, beside one that fits`;
    const fix = 'have it removed, unless another signer of the zone needs it';
    concerns.push({ level: 'warning', code: 'PARENT_DS_FOREIGN', message, fix });
  }
  if (returned.length > 0) {
    const tags = returned.map(({ tag }) => tag).join(', ');
    const message = `${where} has the DS of key ${tags} again, which was rolled out; its DNSKEY is served as long`;
    const fix = `have it removed; those that shall stay: keyturn ds ${zone}`;
    concerns.push({ level: 'warning', code: 'PARENT_DS_RETURNED', message, fix });
  }
  return concerns;
}

function outage(zone: string, where: string, { foreign, retained }: Chain): Concern<ChainCode> {
  const tags = [...foreign.map(tagOfDs), ...retained.map(({ tag }) => tag)].join(', ');
  const message = `${where} has DS records (${tags}) that fit no key: validators find the zone bogus`;
  const again = retained.map(({ tag }) => tag).join(', ');
  const help = retained.length === 0 ? '' : `key ${again} is kept, and is served again by itself; `;
  const fix = `${help}have them replaced at once by those of: keyturn ds ${zone}`;
  return { level: 'critical', code: 'PARENT_DS_ORPHAN', message, fix };
}

function unsigned(zone: string, where: string, { foreign, retained }: Chain): Concern<ChainCode> {
  const tags = [...foreign.map(tagOfDs), ...retained.map(({ tag }) => tag)].join(', ');
  const message = `${where} has DS records (${tags}) and the zone is served unsigned: validators find it bogus`;
  const fix = `have them removed at once; or, if their keys are here: keyturn zone sign ${zone}`;
  return { level: 'critical', code: 'PARENT_DS_UNSIGNED', message, fix };
}
