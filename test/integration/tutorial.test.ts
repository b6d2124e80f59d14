/**
 * The tutorial, typed by a machine: `UPDATE_GOLDEN=1` writes what was printed into it. Read the difference as
 * carefully as code.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type Bindings,
  bindInOrder,
  bound,
  Console,
  commandsOf,
  type DocCommand,
  unify,
} from '../support/console-doc.ts';
import { writeCommand } from '../support/daemon.ts';
import { freePort, Workplace } from '../support/processes.ts';
import { ROOT_FOLDER } from '../support/sources.ts';

const DOCUMENT = join(ROOT_FOLDER, 'docs/tutorial-first-rollover.md');
/** In the text; a test takes a free one. */
const PORT = '5300';

describe('docs/tutorial-first-rollover.md', () => {
  it('prints what the document says', async ({ onTestFinished }) => {
    // Of this attempt alone: one that follows begins with an empty folder.
    const workplace = new Workplace();
    onTestFinished(() => workplace.remove());
    const markdown = readFileSync(DOCUMENT, 'utf8');
    const port = `${await freePort()}`;
    writeCommand(workplace.path);
    const bash = new Console(workplace.path, { PATH: `${workplace.path}:${process.env.PATH}` });
    onTestFinished(() => bash.end());
    for (const [name, text] of filesOf(markdown)) {
      writeFileSync(workplace.at(name), text.replaceAll(PORT, port));
    }
    const commands = commandsOf(markdown);
    expect(commands.length).toBeGreaterThan(20);
    const bindings: Bindings = new Map([[PORT, port]]);
    const lines = markdown.split('\n');
    const isUpdate = process.env.UPDATE_GOLDEN === '1';
    const printedBy = new Map<DocCommand, string>();
    for (const command of commands) {
      const printed = await bash.run(bound(command.text, bindings));
      printedBy.set(command, printed);
      const isSame = unify(command.expected, printed, bindings);
      if (isUpdate) bindInOrder(command.expected, printed, bindings);
      else expect(isSame, `$ ${command.text}\n${printed}\n\ninstead of\n${command.expected}`).toBe(true);
    }
    if (!isUpdate) return;
    for (const [command, printed] of [...printedBy].toReversed()) {
      const text = [`$ ${bound(command.text, bindings)}`, ...(printed === '' ? [] : printed.split('\n'))];
      lines.splice(command.from - 1, command.to - command.from + 1, ...text);
    }
    writeFileSync(DOCUMENT, lines.join('\n').replaceAll(port, PORT));
  }, 300_000);
});

/** Files that the text shows: a fence with the file's name, as in `yaml keyturn.yaml`. */
function filesOf(markdown: string): [string, string][] {
  return [...markdown.matchAll(/^```\w+ (\S+)\n([^`]*)^```/gm)].map(([, name, text]) => [name!, text!]);
}
