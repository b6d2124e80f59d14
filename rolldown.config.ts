import { defineConfig } from 'rolldown';

/**
 * Makes one script of all modules of a UDP thread, of which there is one for each core: Node keeps some 8 KiB of each module,
 * in each thread that imports it, beside what is in it; and the loader of ES modules in each thread that starts with one.
 */
export default defineConfig({
  input: 'dist/daemon/udp-thread.js',
  platform: 'node',
  output: { file: 'dist/daemon/udp-thread.cjs', format: 'cjs', comments: false },
});
