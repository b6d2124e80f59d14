/** Pictures of timelines, as golden files that are looked at like code. UPDATE_GOLDEN=1 writes them anew. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Output } from '../../../src/cli/output.ts';
import { printTimeline } from '../../../src/cli/timeline.ts';
import { Scale } from '../../../src/cli/timeline-scale.ts';
import { escaped, timelineSvg } from '../../../src/cli/timeline-svg.ts';
import { timelineText } from '../../../src/cli/timeline-text.ts';
import { timeline as shape } from '../../../src/control/timeline-shapes.ts';
import { runCaptured } from '../../support/captured.ts';
import { TIMELINES } from '../../support/timelines.ts';

const FOLDER = new URL('../../golden/timeline/', import.meta.url);

function expectGolden(name: string, text: string): void {
  const file = new URL(name, FOLDER);
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(file, text);
  }
  expect(text).toBe(readFileSync(file, 'utf8'));
}

const NAMES = Object.keys(TIMELINES);
const of = (name: string) => TIMELINES[name]!;

describe('timeline as text', () => {
  it.each(NAMES)('%s is drawn for a terminal and without one', (name) => {
    expect(shape.parse(of(name))).toEqual(of(name));
    const unicode = timelineText(of(name), { columns: 110, isAscii: false });
    const ascii = timelineText(of(name), { columns: 72, isAscii: true });
    expect(ascii.join(' ')).toMatch(/^[\x20-\x7e]*$/);
    expectGolden(`${name}.txt`, `${[...unicode, '', ...ascii].join('\n')}\n`);
  });

  it.each([40, 60, 80, 100, 200])('keeps to %i columns, but for words', (columns) => {
    for (const name of ['ksk', 'year']) {
      const lines = timelineText(of(name), { columns, isAscii: false });
      const picture = lines.slice(
        1,
        lines.findIndex((line) => line.includes('now 20')),
      );
      for (const line of picture) expect(line.length, line).toBeLessThanOrEqual(columns);
    }
  });

  it('draws spans that are shorter than a column, and one mark of now', () => {
    const lines = timelineText(of('year'), { columns: 100, isAscii: true });
    const at = lines.findIndex((line) => line.startsWith('ZSK 2371'));
    expect(lines[at]).toMatch(/^ZSK 2371 +##\|#+~+$/);
    expect(lines[at + 1]).toMatch(/^ +\| +\/+$/);
    expect(lines.filter((line) => line.includes('^ now'))).toHaveLength(1);
  });

  it('says what comes and why, and how much more there is', () => {
    const wide = timelineText(of('ksk'), { columns: 140, isAscii: true });
    expect(wide.slice(wide.indexOf('planned:') + 1)).toEqual([
      '  2026-12-06T20:05:00Z  rollover: ksk remove               old key out of caches; drain is over',
      '  2026-12-06T20:05:00Z  KSK 12345 retires                  the key shall go: its DNSKEY is withdrawn',
      '  2026-12-06T20:05:00Z  DS 12345 is gone from all caches   DS TTL 1d + parent propagation 1h + retireSafety 1h',
      '  2026-12-06T21:10:00Z  rollover done                      all its waits are over',
      '  2026-12-06T21:10:00Z  KSK 12345 is gone from all caches  DNSKEY TTL 1h + propagation 5m',
    ]);
    const year = timelineText(of('year'), { columns: 100, isAscii: true });
    expect(year.at(-1)).toMatch(/and \d+ more: keyturn timeline --json/);
  });
});

describe('the scale', () => {
  const scale = new Scale({ from: '2026-12-01T00:00:00Z', until: '2026-12-11T00:00:00Z' }, 100);

  it('puts instants in their place, and what is outside at an edge', () => {
    expect(scale.at('2026-12-02T00:00:00Z')).toBeCloseTo(10);
    expect(scale.at('2020-01-01T00:00:00Z')).toBe(0);
    expect(scale.at('2030-01-01T00:00:00Z')).toBe(100);
    expect(scale.at(null)).toBe(100);
  });

  it('has dates that do not touch, at each length of time', () => {
    for (const days of [0.1, 0.5, 1, 3, 10, 30, 90, 400, 3_650]) {
      for (const width of [20, 60, 100, 200]) {
        const until = new Date(Date.parse('2026-12-01T05:00:00Z') + days * 86_400_000).toISOString();
        const ticks = new Scale({ from: '2026-12-01T05:00:00Z', until }, width).ticks(1);
        ticks.slice(1).forEach(({ at }, index) => {
          const before = ticks[index]!;
          expect(at - before.at, `${days} days, ${width}`).toBeGreaterThan(before.label.length);
        });
      }
    }
  });
});

describe('where it is printed', () => {
  const captured = (isTerminal: boolean): Output & { out: string[] } => {
    const out: string[] = [];
    return { isTerminal, hasColor: false, print: (line) => void out.push(line), note: () => undefined, out };
  };
  let before: string | undefined;
  beforeEach(() => {
    before = process.env.COLUMNS;
  });
  afterEach(() => {
    if (before === undefined) delete process.env.COLUMNS;
    else process.env.COLUMNS = before;
  });
  const axisLength = (columns: string) => {
    process.env.COLUMNS = columns;
    const output = captured(false);
    printTimeline(output, of('ksk'));
    return output.out[2]!.length;
  };

  it('is as wide as COLUMNS says, else 100', () => {
    expect(axisLength('60')).toBe(59);
    expect(axisLength('160')).toBe(159);
    expect(axisLength('wide')).toBe(99);
    expect(axisLength('0')).toBe(99);
  });

  it('is ASCII where nobody looks at it', () => {
    const [terminal, pipe] = [captured(true), captured(false)];
    printTimeline(terminal, of('ksk'));
    printTimeline(pipe, of('ksk'));
    expect(pipe.out.join('')).toMatch(/^[\x20-\x7e]*$/);
    expect(terminal.out.join('')).toContain('█');
  });

  it('needs a server, and a zone', async () => {
    expect(await runCaptured('timeline', 'example.com')).toMatchObject({ code: 3, out: '' });
    expect(await runCaptured('timeline', 'example.com', '--svg', '-')).toMatchObject({ code: 3, out: '' });
    expect(await runCaptured('timeline')).toMatchObject({ code: 2, out: '' });
    expect(await runCaptured('timeline', 'example.com', '--days', '0')).toMatchObject({ code: 2, out: '' });
  });
});

describe('timeline as SVG', () => {
  it.each(NAMES)('%s is a document that is well-formed, and the same each time', (name) => {
    const text = timelineSvg(of(name));
    expect(faultsOf(text)).toEqual([]);
    expectGolden(`${name}.svg`, text);
  });

  it('has no scripts and nothing from outside, and colors for dark and light', () => {
    for (const name of NAMES) {
      const text = timelineSvg(of(name));
      expect(text).not.toMatch(/<script|\son\w+=|href|@import|javascript:/i);
      expect([...text.matchAll(/url\(([^)]*)\)/g)].map(([, target]) => target)).toEqual(['#hatch']);
      expect(text).toContain('@media (prefers-color-scheme: dark)');
    }
  });

  it('says in a tooltip why, for each span and each wait', () => {
    const text = timelineSvg(of('ksk'));
    const titles = [...text.matchAll(/<rect class="([a-z ]+)"[^>]*><title>([^<]*)<\/title>/g)];
    expect(titles.map(([, look, title]) => `${look}: ${title}`)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^wait: KSK 54321: dnskey, krrsig until .*: DNSKEY TTL 1h \+ propagation 5m/),
        expect.stringMatching(/^used: DS 54321 is in all caches from .* to no known time: DS TTL 1d/),
        expect.stringMatching(/^used planned: KSK 12345 signs from 2026-11-24T12:00:00Z/),
        expect.stringMatching(/^going planned: KSK 12345 retires/),
      ]),
    );
    const { lanes } = of('ksk');
    const cut = 6;
    const bars = lanes.reduce((sum, { spans, waits }) => sum + spans.length + waits.length, 0);
    expect(titles).toHaveLength(bars + cut);
  });

  it('takes any text for text', () => {
    expect(escaped('<a b="c">&\u0000\ud800\u001b]]>')).toBe('&lt;a b=&quot;c&quot;&gt;&amp;???]]&gt;');
    expect(timelineSvg(of('odd'))).toContain(
      'a&lt;b&gt;&amp;&quot;c&quot;.example. under policy &lt;script&gt;',
    );
  });
});

/** What an XML parser would say, for the XML that is written here: tags that match, no stray marks. */
function faultsOf(text: string): string[] {
  const open: string[] = [];
  const faults: string[] = [];
  for (const [token] of text.matchAll(/<[^>]*>|[^<]+/g)) {
    if (!token.startsWith('<')) {
      if (/&(?!(?:amp|lt|gt|quot);)/.test(token)) faults.push(`stray &: ${token}`);
      continue;
    }
    const tag = /^<(\/?)([a-zA-Z]+)((?: [a-zA-Z][\w:-]*="[^"<&]*")*)(\/?)>$/.exec(token);
    if (tag === null) faults.push(`no tag: ${token}`);
    else if (tag[1] === '/') {
      const expected = open.pop();
      if (expected !== tag[2]) faults.push(`</${tag[2]}> for <${expected}>`);
    } else if (tag[4] !== '/') open.push(tag[2]!);
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML forbids.
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(text)) faults.push('a character that XML forbids');
  return [...faults, ...open.map((name) => `<${name}> is open`)];
}
