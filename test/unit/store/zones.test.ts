import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  IncludeReader,
  readFile,
  signatureOf,
  signedMtimeMs,
  signedSize,
} from '../../../src/store/zonefile.ts';
import { originOfFileName, originOfHead, plainZoneName, zoneFileName } from '../../../src/store/zonename.ts';
import { lookAtZones, ZonesDirectoryError } from '../../../src/store/zones.ts';
import { formatName, nameOf } from '../../../src/wire/name.ts';
import { Workplace } from '../../support/processes.ts';

const LIMIT = 1_000_000;
let place: Workplace;
let zones: string;

beforeEach(() => {
  place = new Workplace();
  zones = path.join(fs.realpathSync(place.path), 'zones');
  fs.mkdirSync(zones);
});
afterEach(() => place.remove());

function write(name: string, text: string): string {
  const file = path.join(zones, name);
  fs.writeFileSync(file, text);
  return file;
}

/** The code of the fault, or the text that was read. */
function codeOrText(file: string, limitOctets = LIMIT): string {
  const read = readFile(zones, file, { limitOctets });
  return 'code' in read ? read.code : Buffer.from(read.octets).toString();
}

function faultCode(name: string): string | undefined {
  return lookAtZones(zones).zones.get(name)?.fault?.code;
}

describe('names of zone files', () => {
  const originText = (name: string) => {
    const origin = originOfFileName(name);
    return typeof origin === 'string' ? `no: ${origin}` : formatName(origin);
  };

  it('name origins, in any case and with escapes', () => {
    expect(originText('example.com.zone')).toBe('example.com.');
    expect(originText('Example.COM.zone')).toBe('example.com.');
    expect(originText('root.zone')).toBe('.');
    expect(originText('%72oot.zone')).toBe('root.');
    expect(originText('0%2F25.2.0.192.in-addr.arpa.zone')).toBe('0/25.2.0.192.in-addr.arpa.');
    expect(originText('a%2Eb.example.zone')).toBe('a\\.b.example.');
    expect(originText('%2A.example.zone')).toBe('*.example.');
    expect(originText('xn--bcher-kva.example.zone')).toBe('xn--bcher-kva.example.');
  });

  it('that are plain are told without being taken apart, and are the same', () => {
    const label = 'a'.repeat(63);
    const long = `${label}.${label}.${label}.${'a'.repeat(61)}`;
    for (const stem of ['example.com', 'a', 'a-b._c.0.example', label, long]) {
      expect(plainZoneName(`${stem}.zone`)).toBe(originText(`${stem}.zone`));
    }
    const others = [
      'root',
      'A.example',
      'a%2Eb',
      '',
      'a..b',
      '.a',
      'a.',
      'a b',
      'ü',
      'a$b',
      `${label}a`,
      `${long}a`,
    ];
    for (const stem of others) expect(plainZoneName(`${stem}.zone`), stem).toBeUndefined();
  });

  it('that name none say why', () => {
    expect(originText('a..b.zone')).toMatch(/empty label/);
    expect(originText('.zone')).toMatch(/empty label/);
    expect(originText('a%2.zone')).toMatch(/%/);
    expect(originText('bücher.example.zone')).toMatch(/xn--/);
    expect(originText(`${'a'.repeat(64)}.zone`)).toMatch(/63/);
    expect(originText('a b.zone')).toMatch(/%20/);
    expect(originText(`${`${'a'.repeat(60)}.`.repeat(5)}zone`)).toMatch(/255/);
  });

  it('go both ways', () => {
    for (const name of ['.', 'example.com.', 'root.', '\\000\\255.a\\.b.', '0/25.arpa.', '%41.x.']) {
      expect(originText(zoneFileName(nameOf(name)))).toBe(name);
    }
  });

  it('that are hashes leave the origin to $ORIGIN', () => {
    const long = nameOf(`${'/'.repeat(60)}.${'/'.repeat(60)}.example.`);
    const name = zoneFileName(long);
    expect(name).toMatch(/^[0-9a-f]{64}\.zone$/);
    write(name, `; a comment\n$ORIGIN ${formatName(long)}\n`);
    expect([...lookAtZones(zones).zones.keys()]).toEqual([formatName(long)]);
    write(name, '$ORIGIN example.com.\n');
    expect(lookAtZones(zones).misnamed[0]?.why).toMatch(/belongs into example.com.zone/);
    write(name, '@ SOA\n');
    expect(lookAtZones(zones).misnamed[0]?.why).toMatch(/\$ORIGIN/);
    expect(originOfHead('$ORIGIN relative\n')).toBeUndefined();
  });
});

describe('a look at the zones directory', () => {
  it('sees zone files and nothing else', () => {
    write('example.com.zone', 'x');
    write('example.yaml', 'x');
    write('notes.txt', 'x');
    write('.example.org.zone', 'x');
    write('.example.com.zone.swp', 'x');
    write('example.net.zone~', 'x');
    expect([...lookAtZones(zones).zones.keys()]).toEqual(['example.com.']);
  });

  it('sees every change of a file', () => {
    const file = write('a.zone', 'one');
    const signatures = new Set<string>();
    const look = () => signatures.add(lookAtZones(zones).zones.get('a.')!.signature);
    look();
    look();
    expect(signatures.size).toBe(1);
    fs.writeFileSync(file, 'four');
    look();
    fs.utimesSync(file, 1, 1);
    look();
    fs.chmodSync(file, 0o600);
    look();
    write('tmp', 'four');
    fs.renameSync(path.join(zones, 'tmp'), file);
    look();
    expect(signatures.size).toBe(5);
  });

  it('refuses two files of one zone, whichever they are', () => {
    write('example.com.zone', 'x');
    write('EXAMPLE.com.zone', 'x');
    write('%65xample.org.zone', 'x');
    write('example.org.zone', 'x');
    expect(faultCode('example.com.')).toBe('ZONE_TWO_FILES');
    expect(faultCode('example.org.')).toBe('ZONE_TWO_FILES');
  });

  it('cannot be taken if there is no directory', () => {
    expect(() => lookAtZones(path.join(zones, 'none'))).toThrow(ZonesDirectoryError);
    expect(() => lookAtZones(write('file', ''))).toThrow(ZonesDirectoryError);
  });
});

describe('reading a zone file', () => {
  it('gives the octets of one moment', () => {
    const file = write('a.zone', 'text');
    expect(codeOrText(file)).toBe('text');
    const expected = signatureOf(fs.lstatSync(file));
    expect(readFile(zones, file, { limitOctets: LIMIT, expected })).not.toHaveProperty('code');
    fs.writeFileSync(file, 'longer text');
    expect(readFile(zones, file, { limitOctets: LIMIT, expected })).toMatchObject({ code: 'ZONE_CHANGING' });
  });

  it('is told by what signed it how large the file was, and when it was written', () => {
    const stat = fs.lstatSync(write('a.zone', 'text'));
    const signature = signatureOf(stat);
    expect([signedSize(signature), signedMtimeMs(signature)]).toEqual([4, stat.mtimeMs]);
    expect([signedSize('ZONE_EMPTY'), signedMtimeMs('ZONE_EMPTY')]).toEqual([0, 0]);
  });

  it('puts what is small and as it was expected into memory that is there', () => {
    const scratch = new Uint8Array(8);
    const file = path.join(zones, 'a.zone');
    const expected = () => signatureOf(fs.lstatSync(file));
    const memoryOf = (signature = expected()) => {
      const read = readFile(zones, file, { limitOctets: LIMIT, expected: signature, scratch });
      if ('code' in read) return read.code;
      return [Buffer.from(read.octets).toString(), read.octets.buffer === scratch.buffer];
    };
    write('a.zone', '1234567');
    const before = expected();
    expect(memoryOf()).toEqual(['1234567', true]);
    expect(readFile(zones, file, { limitOctets: 6, expected: before, scratch })).toMatchObject({
      code: 'ZONE_TOO_LARGE',
    });
    for (const text of ['12345678', '123456789']) {
      write('a.zone', text);
      expect(memoryOf()).toEqual([text, false]);
    }
    expect(memoryOf(before)).toBe('ZONE_CHANGING');
    write('a.zone', '');
    expect(memoryOf()).toBe('ZONE_EMPTY');
    fs.rmSync(file);
    execFileSync('mkfifo', [file]);
    expect(memoryOf(before)).toBe('ZONE_NOT_A_FILE');
    fs.rmSync(file);
    fs.mkdirSync(file);
    expect(memoryOf(before)).toBe('ZONE_NOT_A_FILE');
  });

  it('refuses what is empty or gone', () => {
    expect(codeOrText(write('a.zone', ''))).toBe('ZONE_EMPTY');
    expect(codeOrText(path.join(zones, 'b.zone'))).toBe('ZONE_FILE_GONE');
  });

  it('refuses a file of 10 GB without reading it', () => {
    const file = write('a.zone', '');
    fs.truncateSync(file, 10 * 2 ** 30);
    const startedMs = performance.now();
    expect(codeOrText(file, 2 ** 31)).toBe('ZONE_TOO_LARGE');
    expect(performance.now() - startedMs).toBeLessThan(500);
  });

  it('refuses directories, FIFOs and devices, and does not wait for a FIFO', () => {
    fs.mkdirSync(path.join(zones, 'a.zone'));
    execFileSync('mkfifo', [path.join(zones, 'b.zone')]);
    expect(codeOrText(path.join(zones, 'a.zone'))).toBe('ZONE_NOT_A_FILE');
    expect(codeOrText(path.join(zones, 'b.zone'))).toBe('ZONE_NOT_A_FILE');
    expect(readFile('/dev', '/dev/null', { limitOctets: 1 })).toMatchObject({ code: 'ZONE_NOT_A_FILE' });
    expect(faultCode('b.')).toBe('ZONE_NOT_A_FILE');
  });

  it('follows links inside of the directory only', () => {
    const outside = path.join(place.path, 'secret');
    fs.writeFileSync(outside, 'secret');
    write('real.txt', 'inside');
    fs.symlinkSync('real.txt', path.join(zones, 'in.zone'));
    fs.symlinkSync('../secret', path.join(zones, 'out.zone'));
    fs.symlinkSync(outside, path.join(zones, 'abs.zone'));
    fs.symlinkSync('nowhere', path.join(zones, 'dangling.zone'));
    fs.symlinkSync('loop.zone', path.join(zones, 'loop.zone'));
    expect(codeOrText(path.join(zones, 'in.zone'))).toBe('inside');
    expect(codeOrText(path.join(zones, 'out.zone'))).toBe('ZONE_LINK_OUTSIDE');
    expect(codeOrText(path.join(zones, 'abs.zone'))).toBe('ZONE_LINK_OUTSIDE');
    expect(codeOrText(path.join(zones, 'dangling.zone'))).toBe('ZONE_FILE_GONE');
    expect(codeOrText(path.join(zones, 'loop.zone'))).not.toBe('');
    expect([...lookAtZones(zones).zones.values()].map(({ fault }) => fault?.code)).toHaveLength(5);
  });
});

describe('$INCLUDE', () => {
  it('reads files inside of the zones directory and remembers them', () => {
    write('common.inc', 'common');
    fs.mkdirSync(path.join(zones, 'sub'));
    write('sub/more.inc', 'more');
    const reader = new IncludeReader(zones, LIMIT);
    expect(Buffer.from(reader.read('common.inc') as Uint8Array).toString()).toBe('common');
    expect(Buffer.from(reader.read('sub/../sub/more.inc') as Uint8Array).toString()).toBe('more');
    expect(reader.read('missing.inc')).toMatch(/not there/);
    expect(reader.parts.map(({ path: file }) => path.relative(zones, file))).toEqual([
      'common.inc',
      'sub/more.inc',
      'missing.inc',
    ]);
  });

  it('never leaves the zones directory, and does not tell what is outside', () => {
    fs.writeFileSync(path.join(place.path, 'secret'), 'secret');
    fs.symlinkSync('..', path.join(zones, 'up'));
    fs.symlinkSync('../secret', path.join(zones, 'link.inc'));
    const reader = new IncludeReader(zones, LIMIT);
    for (const name of [
      '../secret',
      path.join(place.path, 'secret'),
      'up/secret',
      'up/nothing',
      'link.inc',
      '..',
      '',
    ]) {
      expect(reader.read(name), name).toBe('it is outside of the zones directory');
    }
    expect(reader.octets).toEqual([]);
  });

  it('has one limit for all files of a zone', () => {
    write('a.inc', 'x'.repeat(600));
    const reader = new IncludeReader(zones, 1_000);
    expect(reader.read('a.inc')).toBeInstanceOf(Uint8Array);
    expect(reader.read('a.inc')).toMatch(/over the limit/);
  });
});
