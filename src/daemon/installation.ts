/** What this program knows of its own files: those of its package, of which `dist/` has the scripts that run. */
import { existsSync, readFileSync } from 'node:fs';

const MANIFEST = 'package.json';

/** The nearest folder above with a package.json: this file may be in `src/daemon/`, or a part of a script in `dist/`. */
function packageFolder(): URL {
  let folder = new URL('.', import.meta.url);
  while (!existsSync(new URL(MANIFEST, folder))) {
    const above = new URL('..', folder);
    if (above.href === folder.href) throw new Error(`there is no ${MANIFEST} above ${import.meta.url}`);
    folder = above;
  }
  return folder;
}

/** `0.1.0`. */
export function programVersion(): string {
  const text = readFileSync(new URL(MANIFEST, packageFolder()), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** Modules of `src/daemon/` that threads start with. The build makes one script of each and all that it imports. */
export type ThreadScript = 'loader' | 'stream-thread' | 'udp-thread';

/** The built script of a thread. */
export function threadScript(name: ThreadScript): URL {
  return new URL(`dist/${name}.cjs`, packageFolder());
}
