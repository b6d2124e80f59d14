import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type TestMode, TestServer } from '../../support/served.ts';

/**
 * Each `test/golden/answer/*.in` holds zones and questions; the answers stand in the `.out` beside it, as text that a
 * person reads. Lines of an input: `$ZONE origin [unsigned|nsec3|nsec3-opt-out|compact]` starts a zone file, `$ASK`
 * ends it; then one
 * `name type [+dnssec] [+compact] [+tcp] [+bufsize=n] [+noedns]` a line, `;` comments are copied.
 */
const FOLDER = new URL('../../golden/answer/', import.meta.url);
const names = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.in'))
  .map((file) => file.slice(0, -3));

function run(input: string): string {
  const server = new TestServer();
  const [zones = '', questions = ''] = input.split(/^\$ASK$/m);
  for (const part of zones.split(/^\$ZONE /m).slice(1)) {
    const [head = '', ...lines] = part.split('\n');
    const [origin = '', mode = 'nsec'] = head.trim().split(' ');
    server.add(origin, lines.join('\n'), mode as TestMode | 'unsigned');
  }
  return questions
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (line.startsWith(';') ? `${line}\n` : answer(server, line)))
    .join('\n');
}

function answer(server: TestServer, line: string): string {
  const [name = '', type = '', ...marks] = line.split(' ');
  const payload = marks.find((mark) => mark.startsWith('+bufsize='))?.slice(9);
  return server.tell(name, type, {
    dnssecOk: marks.includes('+dnssec'),
    compactOk: marks.includes('+compact'),
    edns: !marks.includes('+noedns'),
    transport: marks.includes('+tcp') ? 'tcp' : 'udp',
    ...(payload === undefined ? {} : { payload: Number(payload) }),
  });
}

describe('answers', () => {
  it('has goldens', () => {
    expect(names.length).toBeGreaterThan(3);
  });

  it.each(names)('%s', async (name) => {
    const input = readFileSync(new URL(`${name}.in`, FOLDER), 'utf8');
    await expect(run(input)).toMatchFileSnapshot(new URL(`${name}.out`, FOLDER).pathname);
  });
});
