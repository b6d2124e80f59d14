/** Configuration files that nobody should write, from a seed; and what must come of each: places, or a sane Config. */
import { readFileSync } from 'node:fs';
import { formatDiagnostic, hasErrors } from '../../src/base/diagnostic.ts';
import { type Config, parseConfig } from '../../src/store/config.ts';
import { SeededRandom } from './zones.ts';

const CORPUS = readFileSync(new URL('../corpus/config.yaml', import.meta.url), 'utf8');
const MAX_MS = 2_000;
const MAX_CHARACTERS = 60_000;

const TOKENS = [
  ...[
    ':',
    ': ',
    '- ',
    '? ',
    '|',
    '>',
    '>-',
    '---',
    '...',
    '%YAML 9.9',
    '#',
    '\t',
    '\n',
    '\r\n',
    '{',
    '}',
    '[',
    ']',
    ',',
    '"',
    "'",
  ],
  ...[
    '&a',
    '*a',
    '*shape',
    '<<: *shape',
    '!!str',
    '!!binary',
    '!!js/function',
    '!!set',
    '!',
    '~',
    'null',
    'true',
    'yes',
    '.inf',
    '.nan',
  ],
  ...[
    '0',
    '-1',
    '1e999',
    '0x10',
    '99999999999999999999',
    '1.5',
    '2026-11-24',
    '0s',
    '-1s',
    '1w',
    '99999d',
    '1h1h',
    'unlimited',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'policies',
    'default',
    'listen',
    'zones',
    'workers',
    'nsec3',
    'compact',
    'RSASHA1',
  ],
  ...[
    '"[::1]:99999"',
    '":53"',
    '"0.0.0.0"',
    '..',
    'a'.repeat(64),
    '"\\u0000"',
    '\u0000',
    '\u001b[2J',
    '\u202e',
    '\ufeff',
    '\ud800',
  ],
  ...['[&b [*b]]', 'x: &x {<<: *x}', `${'['.repeat(200)}`, `${'{a: '.repeat(200)}`, ' '.repeat(300)],
  // Aliases of aliases: 2^30 nodes if they were copied.
  Array.from({ length: 30 }, (_, i) => `  z${i}: &z${i} [${i === 0 ? '1' : `*z${i - 1}, *z${i - 1}`}]`).join(
    '\n',
  ),
];

/** ASCII mostly, now and then any UTF-16 unit. */
function anyCharacter(random: SeededRandom): string {
  return String.fromCharCode(random.below(random.below(4) === 0 ? 65_536 : 128));
}

function mutate(text: string, random: SeededRandom): string {
  const at = random.below(text.length + 1);
  const lines = text.split('\n');
  const line = random.below(lines.length);
  switch (random.below(9)) {
    case 0:
      return text.slice(0, at) + anyCharacter(random) + text.slice(at + 1);
    case 1:
      return text.slice(0, at) + random.pick(TOKENS) + text.slice(at);
    case 2:
      return text.slice(0, at) + text.slice(at).replace(/[\w.-]+/, () => random.pick(TOKENS));
    case 3:
      return text.slice(0, at) + text.slice(at).replace(/[\w.-]+/, '');
    case 4:
      return lines.filter((_, index) => index !== line).join('\n');
    case 5:
      return lines.toSpliced(random.below(lines.length), 0, lines[line] as string).join('\n');
    case 6:
      return lines
        .with(line, `${' '.repeat(random.below(8))}${(lines[line] as string).trimStart()}`)
        .join('\n');
    case 7:
      return text.slice(0, at);
    default:
      return text.slice(0, at) + text.slice(random.below(text.length + 1));
  }
}

/** Puts `count` mutated files to the test; throws with the file at the first thing that is not as it must be. */
export function fuzzConfig(seed: number, count: number): { config: number; report: number } {
  const random = new SeededRandom(seed);
  const outcomes = { config: 0, report: 0 };
  for (let index = 0; index < count; index++) {
    let text = CORPUS;
    for (let mutations = random.below(5); mutations >= 0; mutations--) text = mutate(text, random);
    text = text.slice(0, MAX_CHARACTERS);
    try {
      outcomes[checkConfig(text)]++;
    } catch (fault) {
      const reason = fault instanceof Error ? (fault.stack ?? fault.message) : String(fault);
      throw new Error(`seed ${seed}, file ${index}: ${reason}\n${JSON.stringify(text)}`);
    }
  }
  return outcomes;
}

/** Reads one file; throws if anything is not as it must be. */
export function checkConfig(text: string): 'config' | 'report' {
  const started = performance.now();
  const { config, diagnostics } = parseConfig(text, 'fuzz.yaml');
  const took = performance.now() - started;
  if (took > MAX_MS) throw new Error(`took ${Math.round(took)} ms`);
  for (const diagnostic of diagnostics) {
    const printed = formatDiagnostic(diagnostic);
    if (!(diagnostic.line >= 0 && diagnostic.column >= 0)) throw new Error(`no place: ${printed}`);
    if (/[^\P{C}\n]/u.test(printed)) throw new Error(`a terminal would obey: ${JSON.stringify(printed)}`);
  }
  if (hasErrors(diagnostics) !== (config === undefined))
    throw new Error('neither errors nor a configuration, or both');
  if (config === undefined) return 'report';
  checkSane(config);
  return 'config';
}

function checkSane(config: Config): void {
  const numbers = [config.workers, config.maxZoneFileOctets, ...config.listen.map(({ port }) => port)];
  for (const policy of config.policies.values()) {
    numbers.push(
      ...[policy.dnskeyTtl, policy.cdsTtl, policy.propagation, policy.parent.dsTtl, policy.validity],
    );
  }
  if (!numbers.every((number) => Number.isSafeInteger(number) && number >= 0))
    throw new Error(`numbers: ${numbers}`);
  if (config.listen.some(({ port }) => port > 65_535)) throw new Error('a port above 65535');
  for (const name of config.zonePolicies.values()) {
    if (!config.policies.has(name)) throw new Error(`a zone with the policy ${name}, which does not exist`);
  }
  if ((Object.prototype as Record<string, unknown>).policy !== undefined)
    throw new Error('a prototype was changed');
}
