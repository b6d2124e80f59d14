import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatRdata } from '../../../src/rdata/text.ts';
import { formatType } from '../../../src/wire/iana.ts';
import { formatName } from '../../../src/wire/name.ts';
import { compareImages } from '../../../src/zone/diff.ts';
import { ZoneImage } from '../../../src/zone/image.ts';
import { imageOf } from '../../support/served.ts';

const APEX = '@ 300 IN SOA ns.x. a.x. 1 1 1 1 1\n@ 300 IN NS ns.x.\n';

const zone = (text: string): ZoneImage => ZoneImage.open(imageOf('example.', `${APEX}${text}`));

function diff(before: ZoneImage | undefined, after: ZoneImage | undefined): string[] {
  const told: string[] = [];
  for (const change of compareImages(before, after)) {
    if (change === undefined) continue;
    const { image, rrset, kind } = change;
    const owner = formatName(image.u8, image.nameAt(image.owner(rrset)));
    const type = image.type(rrset);
    const what =
      kind === 'retimed'
        ? `${change.ttlBefore} ${image.ttl(rrset)}`
        : formatRdata(type, image.u8, change.at, change.octets);
    told.push(`${{ added: '+', removed: '-', retimed: '~' }[kind]} ${owner} ${formatType(type)} ${what}`);
  }
  return told;
}

describe('compareImages', () => {
  it('finds nothing between equal zones, whatever the order of their lines', () => {
    const lines = ['a 60 IN A 192.0.2.1\n', 'a 60 IN A 192.0.2.2\n', 'b 60 IN TXT "x"\n'];
    expect(diff(zone(lines.join('')), zone(lines.toReversed().join('')))).toEqual([]);
  });

  it('finds records that came and went, in canonical order', () => {
    const before = zone('a 60 IN A 192.0.2.1\na 60 IN A 192.0.2.3\nc 60 IN A 192.0.2.9\n');
    const after = zone('a 60 IN A 192.0.2.1\na 60 IN A 192.0.2.2\na 60 IN MX 1 b\nb 60 IN A 192.0.2.9\n');
    expect(diff(before, after)).toEqual([
      '+ a.example. A 192.0.2.2',
      '- a.example. A 192.0.2.3',
      '+ a.example. MX 1 b.example.',
      '+ b.example. A 192.0.2.9',
      '- c.example. A 192.0.2.9',
    ]);
  });

  it('tells another TTL once for an RRset, and what changed in it besides', () => {
    const before = zone('a 60 IN A 192.0.2.1\na 60 IN A 192.0.2.2\n');
    const after = zone('a 90 IN A 192.0.2.1\na 90 IN A 192.0.2.3\n');
    expect(diff(before, after)).toEqual([
      '~ a.example. A 60 90',
      '- a.example. A 192.0.2.2',
      '+ a.example. A 192.0.2.3',
    ]);
  });

  it('tells no TTL of an RRset of which nothing stays', () => {
    const [before, after] = [zone('a 60 IN A 192.0.2.1\n'), zone('a 90 IN A 192.0.2.3\n')];
    expect(diff(before, after)).toEqual(['- a.example. A 192.0.2.1', '+ a.example. A 192.0.2.3']);
  });

  it('takes all of a zone that was not there, or is not any more', () => {
    const image = zone('a 60 IN A 192.0.2.1\n');
    expect(diff(undefined, image).map((line) => line[0])).toEqual(['+', '+', '+']);
    expect(diff(image, undefined).map((line) => line[0])).toEqual(['-', '-', '-']);
    expect(diff(undefined, undefined)).toEqual([]);
  });

  it('agrees with sets of lines', () => {
    const line = fc
      .tuple(fc.constantFrom('a', 'b', 'a.b', 'x.y'), fc.integer({ min: 0, max: 5 }))
      .map(([owner, last]) => `${owner} 60 IN A 192.0.2.${last}\n`);
    fc.assert(
      fc.property(
        fc.uniqueArray(line, { maxLength: 12 }),
        fc.uniqueArray(line, { maxLength: 12 }),
        (old, fresh) => {
          const strip = (text: string) => text.replace(' 60 IN A', '.example. A').trimEnd();
          const expected = [
            ...fresh.filter((text) => !old.includes(text)).map((text) => `+ ${strip(text)}`),
            ...old.filter((text) => !fresh.includes(text)).map((text) => `- ${strip(text)}`),
          ];
          expect(diff(zone(old.join('')), zone(fresh.join(''))).toSorted()).toEqual(expected.toSorted());
        },
      ),
      { numRuns: 200 },
    );
  });

  it('pauses in a large zone', () => {
    const large = zone(Array.from({ length: 5_000 }, (_, i) => `h${i} 60 IN A 192.0.2.1\n`).join(''));
    const pauses = [...compareImages(large, large)].filter((change) => change === undefined);
    expect(pauses).toHaveLength(19);
  });
});
