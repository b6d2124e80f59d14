/** `keyturn __docs DIR`: writes the reference and the manual pages, for the repository and for packagers. */
import fs from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import type { Runner } from './runner.ts';

/** Adds `__docs`, which no help shows. */
export function addDocs(program: Command, runner: Runner): void {
  program
    .command('__docs', { hidden: true })
    .argument('<directory>')
    .action(async (directory: string) => {
      const { allPages } = await import('./reference.ts');
      for (const { file, text } of allPages(program)) {
        const at = path.join(directory, file);
        fs.mkdirSync(path.dirname(at), { recursive: true });
        fs.writeFileSync(at, text);
        runner.output.print(at);
      }
    });
}
