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
  ZONE_NEVER_SECURED: {
    meaning:
      'The zone has been signed and has asked for its first DS for over 7 days, and nobody ever saw one.',
    cause: 'The registrar was never told, the parent does not look for CDS, or takes no first DS from them.',
    effect: 'The zone is served and signed well, and no validator knows: it has no protection yet.',
    fix:
      'See what its parent would find: keyturn parent preflight ZONE. Hand over what keyturn ds ZONE prints; if there ' +
      'shall be none: keyturn rollover confirm-ds ZONE --none.',
    rfc: 'RFC 9615 §4',
  },
  SERVERS_CDS_DIFFER: {
    meaning: 'A name server of the zone has other CDS or CDNSKEY records than this one, for over an hour.',
    cause: 'A secondary is behind, or the delegation names a server that is not ours.',
    effect:
      'Parents ask every server and take no change while they differ. The zone is served and validates.',
    fix: 'See which differ, and in what: keyturn diagnose ZONE. They are compared again by themselves.',
    rfc: 'RFC 9975 §3.1',
  },
} as const satisfies Explanations;
