/** `keyturn ds --format form`: what to type into the form of a registrar, and what to delete there. */
import type { DsResult, LeavingDs } from '../control/shapes.ts';

type DsRecord = DsResult['ds'][number];
type DnskeyRecord = DsResult['dnskey'][number];

const LABEL_COLUMNS = 13;
/** As registrars list them (IANA, DS digest types). */
const DIGEST_NAMES: Readonly<Record<number, string>> = { 2: 'SHA-256', 4: 'SHA-384' };
const SEP = 1;

/** Lines of the form. */
export function dsForm({ zone, ds, dnskey, leaving }: DsResult): string[] {
  const heading =
    dnskey.length === 0 ? `the parent of ${zone} shall have no DS of it` : `for the parent of ${zone}`;
  const keys = dnskey.flatMap((key) => ['', ...keyForm(key, ds)]);
  return [heading, ...keys, '', ...deletions(leaving, dnskey.length === 0)];
}

function keyForm(key: DnskeyRecord, ds: readonly DsRecord[]): string[] {
  const own = ds.filter(({ keyTag, algorithm }) => keyTag === key.keyTag && algorithm === key.algorithm);
  const name = own[0]?.algorithmName ?? String(key.algorithm);
  const role = (key.flags & SEP) === 0 ? 'no SEP' : 'KSK, SEP';
  return [
    ...own.flatMap((record) => [
      `DS record of key ${record.keyTag}`,
      field('Key tag', record.keyTag),
      field('Algorithm', `${record.algorithm} (${name})`),
      field('Digest type', `${record.digestType} (${DIGEST_NAMES[record.digestType] ?? 'unknown'})`),
      field('Digest', record.digest),
      field('', `(${record.digest.length} hexadecimal digits)`),
    ]),
    `or, if the form asks for the DNSKEY of key ${key.keyTag}`,
    field('Flags', `${key.flags} (${role})`),
    field('Protocol', `${key.protocol} (DNSSEC)`),
    field('Algorithm', `${key.algorithm} (${name})`),
    field('Public key', key.publicKey),
    field('', `(${key.publicKey.length} characters of base64)`),
  ];
}

function field(label: string, value: string | number): string {
  return `  ${(label === '' ? '' : `${label}:`).padEnd(LABEL_COLUMNS)}${value}`;
}

// ---- What leaves ----

function deletions(leaving: readonly LeavingDs[], isAll: boolean): string[] {
  const due = leaving.filter(({ when }) => when !== 'later');
  const kept = leaving.filter(({ when }) => when === 'later');
  const head = due.length === 0 ? 'delete nothing at the parent now' : 'delete at the parent';
  return [
    head,
    ...due.map((one) => `  ${recordsOf(one)}: ${dueWords(one, isAll)}`),
    ...(kept.length === 0 ? [] : ['leave at the parent for now']),
    ...kept.map((one) => `  ${recordsOf(one)}: ${keptWords(one)}`),
  ];
}

function recordsOf({ keyTag, algorithm, algorithmName }: LeavingDs): string {
  return `every DS with key tag ${keyTag}, algorithm ${algorithm} (${algorithmName})`;
}

function dueWords({ when, seen, because }: LeavingDs, isAll: boolean): string {
  const condition = seen ? '' : ' (if it ever came there)';
  if (when === 'now') return `now${condition}; ${isAll ? 'the zone goes insecure' : because}`;
  return `when those above are there, not before${condition}; ${because}`;
}

function keptWords({ from, because }: LeavingDs): string {
  return from === null ? because : `until ${from} at least; ${because}`;
}
