/** Explanations: what is refused, or goes on, because the parent of a zone names it. */
import type { Explanations } from './explanation.ts';

export const GUARD_CODES = {
  ZONE_HELD_FOR_DS: {
    meaning: 'The file of the zone is gone, and its parent, or a cache, still has a DS of the zone.',
    cause: 'The file was removed, by accident or before the DS was.',
    effect:
      'The zone stays served and signed as it was, also after a restart, from a copy in .kept of the keys directory.',
    fix:
      'By accident: put the file back (the copy will do). If the zone shall go: keyturn zone unsign ZONE has the DS ' +
      'removed, then it goes by itself. At once, whatever breaks: keyturn zone forget ZONE --force-orphan REASON.',
    rfc: 'RFC 4035 §5.2',
  },
} as const satisfies Explanations;
