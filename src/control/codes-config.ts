/** Explanations: the configuration file, the options of `serve`, and what stands in the way of a start. */
import { EFFECT, type Explanations } from './explanation.ts';

const NOT_TAKEN = 'The configuration is not taken, as a whole, and the server does not start with it.';
const TAKEN = 'A warning: the configuration is taken.';

export const CONFIG_CODES = {
  CONFIG_SYNTAX: {
    meaning: 'The configuration file is no YAML.',
    cause: 'Indentation, a tab, a bracket or quotation mark that is not closed.',
    effect: NOT_TAKEN,
    fix: 'Mend the place that the message shows; it may lie in the line before.',
  },
  CONFIG_TOO_LARGE: {
    meaning: 'The configuration file is longer than 1 MiB.',
    cause: 'Another file was named.',
    effect: NOT_TAKEN,
    fix: 'Name the configuration with --config.',
  },
  CONFIG_UNKNOWN_KEY: {
    meaning: 'The configuration has a key that means nothing.',
    cause: 'A key misspelt, or at the wrong depth.',
    effect: NOT_TAKEN,
    fix: 'The message names the nearest key; keyturn config schema has them all.',
  },
  CONFIG_VALUE: {
    meaning: 'The value of a key does not have the right form.',
    cause: 'A number or duration that is none, a word that is not among the choices.',
    effect: NOT_TAKEN,
    fix: 'Durations are written 90s, 5m, 1h, 7d or 1y; keyturn config schema says what each key takes.',
  },
  CONFIG_NO_CHANNEL: {
    meaning: 'A channel is named that is not in "channels", or cannot do what it is named for.',
    cause: 'A name misspelt; or reminders that name a dynamic update, which nobody reads.',
    effect: NOT_TAKEN,
    fix: 'Add it to channels, or name one of those that the message lists.',
  },
  CONFIG_ZONE_NAME: {
    meaning: 'A key below "zones" is no domain name.',
    cause: 'A name misspelt.',
    effect: NOT_TAKEN,
    fix: 'Write it like example.com.',
  },
  CONFIG_ZONE_TWICE: {
    meaning: 'A zone stands in the configuration twice.',
    cause: 'Once with and once without the final dot, or in another case.',
    effect: NOT_TAKEN,
    fix: 'Remove one of the two.',
  },
  CONFIG_NO_POLICY: {
    meaning: 'A zone shall follow a policy that is not in the configuration.',
    cause: 'A name misspelt, or a policy that was removed.',
    effect: NOT_TAKEN,
    fix: 'Name one that is below "policies", or "default".',
  },
  CONFIG_IMPOSSIBLE: {
    meaning: 'A policy asks for what cannot work.',
    cause: 'A lifetime that is shorter than its rollover, signatures that would be served expired.',
    effect: NOT_TAKEN,
    fix: 'The message has the sum: lengthen the lifetime or shorten the waits.',
    rfc: 'RFC 6781 §4.4.2',
  },
  CONFIG_COSTLY: {
    meaning: 'A policy works, at a cost that should be known.',
    cause:
      'ECDSAP384SHA384, whose signatures take many times as long; an autoCancel that is over before parents act; optOut.',
    effect: TAKEN,
    fix: 'Use ECDSAP256SHA256, which every validator knows; let autoCancel be longer than cdsHold; leave optOut out.',
    rfc: 'RFC 8624 §3.1',
  },
  CONFIG_WRONG: {
    meaning: 'The configuration has errors; they stand before this message.',
    cause: 'See each of them.',
    effect: EFFECT.noStart,
    fix: 'Mend them, and look again: keyturn config check FILE.',
  },
  CONFIG_UNREADABLE: {
    meaning: 'The configuration file cannot be read.',
    cause: 'A path that is misspelt, or permissions.',
    effect: EFFECT.noStart,
    fix: 'Name a file that is there with --config, or leave it out.',
  },
} as const satisfies Explanations;

export const START_CODES = {
  BAD_LISTEN: {
    meaning: 'An address of --listen cannot be understood.',
    cause: 'The port is missing, or an IPv6 address has no brackets.',
    effect: EFFECT.noStart,
    fix: 'Write 192.0.2.1:53 or [2001:db8::1]:53.',
  },
  BAD_WORKERS: {
    meaning: 'The value of --workers is no number from 1 to 256.',
    cause: 'A typing mistake.',
    effect: EFFECT.noStart,
    fix: 'Give the number of UDP threads.',
  },
  START_FAILED: {
    meaning: 'The server could not start.',
    cause:
      'A port that another process has, a directory that cannot be used, another Keyturn with these keys.',
    effect: EFFECT.noStart,
    fix: 'The message says which, and what to do.',
  },
  SOCKET_IN_USE: {
    meaning: 'Another process listens on the control socket, or uses the keys directory.',
    cause: 'Keyturn runs already.',
    effect: EFFECT.noStart,
    fix: 'Stop the other one, or give this one a keys directory of its own with --keys.',
  },
  SOCKET_PATH: {
    meaning: 'The path of the control socket cannot be used.',
    cause: 'It is longer than 103 octets, or a file of another kind is there.',
    effect: EFFECT.noStart,
    fix: 'Name another path with --control.',
  },
  SOCKET_FAILED: {
    meaning: 'The control socket cannot be made.',
    cause: 'Its directory is not writable, or its file system has no sockets.',
    effect: EFFECT.noStart,
    fix: 'Name another path with --control.',
  },
} as const satisfies Explanations;
