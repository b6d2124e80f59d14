/** Explanations: what is found about policies and the zones that follow them, what-if questions, and pictures. */
import { EFFECT, type Explanations } from './explanation.ts';

export const POLICY_CODES: Explanations = {
  POLICY_ZONE_TTL: {
    meaning: 'A zone has a larger TTL than maxZoneTtl of its policy.',
    cause: 'A record of the zone was given a longer TTL than the policy expects.',
    effect: 'Rollovers wait for the real TTL, so they are safe and take longer than the policy says.',
    fix: 'Lower the TTL in the zone file, or raise maxZoneTtl.',
  },
  POLICY_ZONE_LIFETIME: {
    meaning:
      'With the TTLs of a zone, a rollover takes so long that a lifetime of its policy leaves no room for it.',
    cause: 'A larger TTL than maxZoneTtl, and a lifetime that is short.',
    effect:
      'Keys are in use for longer than their lifetime; the next rollover starts when the last one is done.',
    fix: 'Lower the TTL in the zone file, or raise the lifetime.',
  },
  POLICY_ZONE_ALGORITHM: {
    meaning: 'The keys of a zone are of another algorithm than its policy names.',
    cause:
      'The policy was changed, or the zone was given another one. Only an order changes the algorithm of keys.',
    effect: 'The zone stays signed with the algorithm that it has.',
    fix: 'Run keyturn rollover start ZONE --type algorithm, or change the policy back.',
  },
  POLICY_ZONE_SCHEME: {
    meaning: 'A zone has a CSK where its policy wants a KSK and a ZSK, or the reverse.',
    cause:
      'The policy was changed, or the zone was given another one. Only an order changes the scheme of keys.',
    effect: 'The zone stays signed with the keys that it has.',
    fix: 'Run keyturn rollover start ZONE --type scheme, or change the policy back.',
  },
  NO_SUCH_POLICY: {
    meaning: 'No policy has this name.',
    cause: 'It is misspelt, or the server runs with another configuration.',
    effect: EFFECT.nothing,
    fix: 'Run keyturn policy show, which shows all of them.',
  },
  TWO_POLICIES: {
    meaning: 'A simulation was asked for under two policies.',
    cause: '--policy was given beside the name of a policy; it goes with the name of a zone.',
    effect: EFFECT.nothing,
    fix: 'Name a zone, or leave --policy out.',
  },
  SVG_UNWRITTEN: {
    meaning: 'The picture of keyturn timeline could not be written into its file.',
    cause: 'The directory is not there, belongs to somebody else, or the disk is full.',
    effect: EFFECT.nothing,
    fix: 'Name a file that can be written; "--svg -" prints the picture.',
  },
  SET_WRONG: {
    meaning: 'What --set says is no value of a policy.',
    cause: 'The key is misspelt, or its value has another form.',
    effect: EFFECT.nothing,
    fix: 'Write --set key=value, like --set lifetime.zsk=30d. Run keyturn policy show for the keys.',
  },
};
