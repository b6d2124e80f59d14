/**
 * Words of the configuration and of key imports that the command line names too. They stand apart because every command
 * loads them at its start: nothing is imported here.
 */

/** How UDP is received; `auto` takes batches of system calls where they can be had. */
export const UDP_MODES = ['auto', 'batched', 'dgram'] as const;

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug', 'trace'] as const;

/** Ways to prove that something does not exist. */
export const DENIAL_MODES = ['nsec', 'nsec3', 'compact'] as const;

/** Formats of key files that can be imported. */
export const IMPORT_FORMATS = ['bind', 'pem', 'knot'] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

/** Words for the roles of a key. */
export const ROLE_WORDS = ['csk', 'ksk', 'zsk'] as const;
export type RoleWord = (typeof ROLE_WORDS)[number];
