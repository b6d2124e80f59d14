import { defineConfig, type RolldownOptions } from 'rolldown';
import type { ThreadScript } from './src/daemon/installation.ts';

/** The package that is native is looked for when the program runs: not every machine has it. */
const options: RolldownOptions = { platform: 'node', external: ['koffi'] };
const output = { comments: { legal: true, annotation: false, jsdoc: false }, sourcemap: true };

/** Each thread starts with one script, which is no ES module: their loader would take 1.1 MiB of each thread. */
function thread(name: ThreadScript): RolldownOptions {
  return {
    ...options,
    input: `src/daemon/${name}.ts`,
    output: { ...output, file: `dist/${name}.cjs`, format: 'cjs' },
  };
}

/**
 * Makes few scripts of many modules, with the packages that they use. Node takes half a millisecond for each module that
 * it finds and loads, and keeps some 8 KiB of it in each thread. What a command loads when it needs it stays a script apart.
 */
export default defineConfig([
  {
    ...options,
    input: { cli: 'src/cli.ts' },
    output: { ...output, dir: 'dist', format: 'esm', chunkFileNames: '[name].js' },
  },
  thread('loader'),
  thread('stream-thread'),
  thread('udp-thread'),
]);
