/** Short zones with what is to be said of them, for the checks of whole zones and for comparison with the peers'. */
import { nameOf } from '../../src/wire/name.ts';
import { ZoneRecords } from '../../src/zone/records.ts';
import { ZoneTree } from '../../src/zone/tree.ts';
import { parseZoneFile } from '../../src/zonefile/parser.ts';

export const ORIGIN = 'check.example.';
/** Lines 1 to 5 of every zone; findings count from line 6. */
export const HEAD = `$TTL 300
$ORIGIN ${ORIGIN}
@ SOA ns host 10 2 3 4 5
@ NS ns
ns A 192.0.2.1
`;

export interface WrongZone {
  /** Behind HEAD. */
  readonly lines: string;
  /** `severity CODE line` */
  readonly found: readonly string[];
}

export const WRONG_ZONES: readonly WrongZone[] = [
  { lines: '*.w NS ns', found: ['warning ZONE_WILDCARD_NS 6'] },
  { lines: '*.w DNAME o.example.', found: ['warning ZONE_WILDCARD_NS 6'] },
  { lines: 'd DNAME o.example.\na.d A 192.0.2.2', found: ['warning ZONE_OCCLUDED 7'] },
  { lines: 'd DNAME o.example.\nd NS ns', found: ['error ZONE_DNAME_AND_NS 6'] },
  { lines: 'd DNAME o.example.\nd DNAME p.example.', found: ['error ZONE_MANY_DNAME 7'] },
  { lines: 'd DNAME a.d', found: ['warning ZONE_ALIAS_LOOP 6'] },
  { lines: 'd DNAME d', found: ['warning ZONE_ALIAS_LOOP 6'] },
  { lines: 'c CNAME c', found: ['warning ZONE_ALIAS_LOOP 6'] },
  { lines: 'c CNAME a\nc CNAME b', found: ['error ZONE_MANY_CNAME 7'] },
  { lines: 'c CNAME a\nc DNAME o.example.', found: ['error ZONE_CNAME_AND_OTHER 7'] },
  {
    lines: '@ DNAME o.example.',
    found: ['warning ZONE_NS_CNAME 4', 'warning ZONE_OCCLUDED 5'],
  },
  { lines: 's NS ns.s', found: ['warning ZONE_MISSING_GLUE 6'] },
  { lines: 's NS x.t\nt NS ns', found: ['warning ZONE_NS_NO_ADDRESS 6'] },
  { lines: 'x MX 10 nobody', found: ['warning ZONE_TARGET_NO_ADDRESS 6'] },
  { lines: 'x SRV 1 1 1 nobody', found: ['warning ZONE_TARGET_NO_ADDRESS 6'] },
  { lines: 'x MX 10 c\nc CNAME ns', found: ['warning ZONE_MX_CNAME 6'] },
  { lines: 'x MX 10 c.w\n*.w CNAME ns', found: ['warning ZONE_MX_CNAME 6'] },
  { lines: 'x SRV 1 1 1 a.b.d\nd DNAME o.example.', found: ['warning ZONE_TARGET_CNAME 6'] },
  { lines: 'x MX 10 192.0.2.1', found: ['warning ZONE_MX_ADDRESS 6'] },
  { lines: 'x CSYNC 1 0 A', found: ['warning ZONE_CSYNC 6'] },
  { lines: '@ CSYNC 1 4 A', found: ['warning ZONE_CSYNC 6'] },
  { lines: '@ CSYNC 11 2 A', found: ['warning ZONE_CSYNC 6'] },
  { lines: '@ CSYNC 1 3 A\n@ CSYNC 2 3 A', found: ['warning ZONE_CSYNC 6'] },
  { lines: '@ DSYNC CDS NOTIFY 53 scanner.example.', found: ['warning ZONE_DSYNC 6'] },
  { lines: '*._dsync DSYNC SOA NOTIFY 53 scanner.example.', found: ['warning ZONE_DSYNC 6'] },
  { lines: `x ZONEMD 10 1 1 ${'00'.repeat(48)}`, found: ['warning ZONE_ZONEMD_PLACE 6'] },
  { lines: 'x SVCB 0 a.example. port=1', found: ['warning ZONE_SVCB_ALIAS 6'] },
  { lines: 'x HTTPS 0 a.example.\nx HTTPS 1 .', found: ['warning ZONE_SVCB_ALIAS 6'] },
  { lines: 'x HTTPS 0 x', found: ['warning ZONE_ALIAS_LOOP 6'] },
];

export const LEGAL_ZONES: readonly string[] = [
  '*.w MX 10 x.w\n*.w A 192.0.2.9',
  's NS ns\nx MX 10 mail.s',
  's NS ns.s\nns.s A 192.0.2.3',
  'd DNAME o.example.',
  '@ CSYNC 11 0 A NS',
  '@ CSYNC 10 3 A NS',
  '*._dsync DSYNC CDS NOTIFY 53 scanner.example.',
  'child._dsync DSYNC CSYNC NOTIFY 53 scanner.example.',
  'x._dsync DSYNC SOA 200 53 scanner.example.',
  'x SVCB 0 .\ny HTTPS 1 . alpn=h2\ny HTTPS 2 ns port=1',
  'x TYPE61440 \\# 2 0102\nx TYPE65432 \\# 0',
  'x MX 0 .',
];

/** The tree of a zone of HEAD and these lines. */
export function readZoneTree(lines: string): ZoneTree {
  const records = new ZoneRecords();
  const origin = nameOf(ORIGIN);
  parseZoneFile(Buffer.from(`${HEAD}${lines}\n`), { file: 'check.zone', origin }, records);
  return new ZoneTree(records, origin, 1);
}
