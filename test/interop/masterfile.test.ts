/**
 * named and ldns judge our reading of master files: what we print, and the octets that we read, must mean the same to
 * `named-compilezone` as the file itself, and we must read what it prints; each record goes through ldns and back.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { parseType, RRTYPE } from '../../src/wire/iana.ts';
import { opaqueText, readMasterFile, wireLines } from '../support/masterfile.ts';
import { describeWithPeers, getPeer } from '../support/peers.ts';

const ORIGIN = 'types.example.';
const UNCHECKED = [
  '-i',
  'none',
  ...['-k', '-n', '-m', '-r', '-S', '-T', '-W'].flatMap((flag) => [flag, 'ignore']),
];

const GENERATES = `$TTL 300
@ SOA ns host 1 2 3 4 5
@ NS ns.example.net.
$GENERATE 1-3 host-$ A 192.0.2.$
$GENERATE 0-30/10 n\${1,3,d} 60 IN CNAME host-\${-0}
$GENERATE 8-17/3 x\${0,4,x}-\${0,0,X}-\${0,2,o} MX "10 mail-$"
$GENERATE 1-2 a\\$$-$ TXT "x$ \\"q $\\""
$GENERATE 254-256 \${0,7,n}.r PTR \${0,7,N}.host
$GENERATE 15-17 \${0,1,n}.s PTR p-$
`;

const LAYOUT = `@ IN 1h SOA ns host ( 1 ; serial
 2 3
\t4 5m ) ; minimum
 300 NS ns.example.net.
 IN NS ns2.example.net.\r
www 2h A 192.0.2.1
 A 192.0.2.2
$ORIGIN sub
@ TXT "no ttl of its own"
$TTL 1w2d3h4m5s
x TXT after
$ORIGIN deeper.sub.types.example.
*.y TXT "wild" (
"paren" )
z.types.example. TXT "absolute"`;

describeWithPeers(['named-compilezone'], 'master files as named reads them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-masterfile-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  let files = 0;

  /** The zone as named prints it: one record a line, absolute names. */
  function compiled(text: string): string {
    const input = join(folder, `${files++}.zone`);
    const output = `${input}.out`;
    writeFileSync(input, text, 'latin1');
    execFileSync(getPeer('named-compilezone'), [
      ...UNCHECKED,
      '-q',
      '-s',
      'full',
      '-o',
      output,
      ORIGIN,
      input,
    ]);
    return readFileSync(output, 'latin1');
  }

  /** All four ways of text and octets through named and through us. */
  function expectAgreement(text: string): void {
    const { records, diagnostics } = readMasterFile(text, ORIGIN);
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
    const theirs = compiled(text);
    // named keeps the case of names, we do not; the octets below are compared as they are.
    const lower = theirs.toLowerCase();
    expect(compiled(`${records.map((record) => record.text).join('\n')}\n`).toLowerCase()).toBe(lower);
    expect(compiled(`${records.map(opaqueText).join('\n')}\n`).toLowerCase()).toBe(lower);
    expect(wireLines(readMasterFile(theirs, ORIGIN).records)).toEqual(wireLines(records));
  }

  it('has the same records for every type that it knows', () => {
    const text = readFileSync(new URL('../golden/zonefile/all-types.zone', import.meta.url), 'latin1');
    // named refuses the obsolete MD and MF (RFC 973).
    expectAgreement(text.replace(/^m[df] M[DF] .*\n/gm, ''));
  });
  it('has the same records for $GENERATE', () => expectAgreement(GENERATES));
  it('has the same records for layout, TTLs and origins', () => expectAgreement(LAYOUT));
});

const typesOf = (words: string) => new Set(words.split(' ').map((word) => parseType(word)!));
/** Types that ldns 1.8 cannot read by name; in the form of RFC 3597 they pass through it like any other. */
const UNKNOWN_TO_LDNS = typesOf(
  'A6 AMTRELAY AVC BRID DOA DSYNC HHIT NINFO RESINFO RKEY TA UID UNSPEC WALLET',
);
/** Types that it takes for something else: names for strings, ports for their services, octets for none. */
const WRONG_IN_LDNS = typesOf('ATMA NSAP-PTR NXT SINK WKS');
/** It wants a key and types, which may be absent (RFC 2535 §3.1.2, RFC 7477 §2.1.2.1). */
const NEEDED_BY_LDNS = /\tKEY\t49152 3 1$|\tCSYNC\t\d+ \d+$/;

describeWithPeers(['ldns-read-zone'], 'records as ldns reads them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-ldns-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** The octets of what ldns prints of one record; undefined if it does not read it. */
  function throughLdns(line: string): string[] | undefined {
    const file = join(folder, 'record.zone');
    writeFileSync(file, `${ORIGIN} 60 IN SOA . . 1 2 3 4 5\n${line}\n`, 'latin1');
    const { status, stdout } = spawnSync(getPeer('ldns-read-zone'), [file], {
      encoding: 'latin1',
      timeout: 20_000,
    });
    if (status !== 0) return undefined;
    const { records } = readMasterFile(stdout, ORIGIN);
    return wireLines(records.filter(({ type }) => type !== RRTYPE.SOA));
  }

  it('have the octets that we have', () => {
    const text = readFileSync(new URL('../golden/zonefile/all-types.zone', import.meta.url), 'latin1');
    const { records } = readMasterFile(text, ORIGIN);
    const different: string[] = [];
    for (const record of records) {
      const isLeftOut = record.type === RRTYPE.SOA || WRONG_IN_LDNS.has(record.type);
      if (isLeftOut || NEEDED_BY_LDNS.test(record.text)) continue;
      const line = UNKNOWN_TO_LDNS.has(record.type) ? opaqueText(record) : record.text;
      const theirs = throughLdns(line);
      if (theirs?.length !== 1 || theirs[0] !== wireLines([record])[0]) different.push(record.text);
    }
    expect(different).toEqual([]);
  });
});
