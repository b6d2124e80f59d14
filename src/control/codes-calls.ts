/** Explanations: calls over the control socket and the command line, and the kinds of failure with their exit codes. */
import { EFFECT, type Explanations } from './explanation.ts';
import type { FailureKind } from './operation.ts';

const SEE_CODE = 'See the code that stands beside it.';

/** `error.kind`. */
export const FAILURE_CODES: Explanations<FailureKind> = {
  DATA_WRONG: {
    meaning: 'Data is wrong: a file, a key, a configuration. Exit code 1.',
    cause: SEE_CODE,
    effect: EFFECT.nothing,
    fix: 'Mend the data.',
  },
  USAGE_WRONG: {
    meaning: 'The command or its parameters are wrong. Exit code 2.',
    cause: SEE_CODE,
    effect: EFFECT.nothing,
    fix: 'Look at --help of the command.',
  },
  UNREACHABLE: {
    meaning: 'The server cannot be reached. Exit code 3.',
    cause: SEE_CODE,
    effect: 'It is not known whether the server did anything.',
    fix: 'Start the server, or say with --control where its socket is.',
  },
  NO_SUCH_OBJECT: {
    meaning: 'There is no such zone, key, job, event or code. Exit code 4.',
    cause: SEE_CODE,
    effect: EFFECT.nothing,
    fix: 'List what is there.',
  },
  REFUSED: {
    meaning: 'A safety rule forbids it. Exit code 5.',
    cause: SEE_CODE,
    effect: EFFECT.nothing,
    fix: 'The message says what to do instead, or until when to wait.',
  },
  NOT_YET: {
    meaning: 'What was asked about is not so yet. Exit code 6.',
    cause: SEE_CODE,
    effect: EFFECT.nothing,
    fix: 'Ask again later.',
  },
  MISMATCH: {
    meaning: 'Two things that should be the same are not. Exit code 7.',
    cause: SEE_CODE,
    effect: EFFECT.nothing,
    fix: 'The message says what differs.',
  },
};

export const CALL_CODES = {
  NOT_RUNNING: {
    meaning: 'No server listens on the control socket, or it does not answer.',
    cause: 'The server does not run, or runs with another socket.',
    effect: 'It is not known whether the server did anything.',
    fix: 'Start it with keyturn serve, or say with --control or KEYTURN_CONTROL where its socket is.',
  },
  PERMISSION: {
    meaning: 'The control socket belongs to another user.',
    cause: 'The command was not run as the user that runs the server.',
    effect: EFFECT.nothing,
    fix: 'Run it as that user (sudo -u).',
  },
  NOT_AGREED: {
    meaning: 'A question before a dangerous act was not answered with yes.',
    cause: 'The answer was no, or there was none.',
    effect: EFFECT.nothing,
    fix: 'Answer "y"; scripts give --yes.',
  },
  BAD_NAME: {
    meaning: 'What was given as a zone or a name is no domain name.',
    cause: 'Two dots in a row, a label over 63 octets, a wrong escape.',
    effect: EFFECT.nothing,
    fix: 'Write it like example.com.',
    rfc: 'RFC 1035 §2.3.4',
  },
  BAD_PARAMETERS: {
    meaning: 'A parameter is missing, unknown or out of range.',
    cause: 'See the message: it names the parameter.',
    effect: EFFECT.nothing,
    fix: 'Look at --help of the command.',
  },
  BAD_REQUEST: {
    meaning: 'A request at the control socket is no HTTP, too large or no JSON.',
    cause: 'A program that speaks to the socket by itself.',
    effect: EFFECT.nothing,
    fix: 'Send application/json of at most 64 KiB.',
    rfc: 'RFC 9110 §15.5',
  },
  NO_SUCH_OPERATION: {
    meaning: 'The server has no operation under that path and method.',
    cause: 'A path misspelt, or a server of another version than the command.',
    effect: EFFECT.nothing,
    fix: 'Compare keyturn --version with the version in keyturn status.',
  },
  OPERATION_FAILED: {
    meaning: 'An operation ended with an error that nobody expected.',
    cause: 'An error in Keyturn.',
    effect: 'Zones are served as they are. What the operation had done by then is not undone.',
    fix: 'Look into the log, and report what is there.',
  },
  NO_SUCH_CHILD: {
    meaning: 'The zone does not delegate a zone of this name.',
    cause: 'The name is misspelt, or its NS records are not in the zone.',
    effect: 'Nothing was done.',
    fix: 'See the NS records of the zone; keyturn children list ZONE shows the children that are known.',
  },
  NO_SUCH_DELIVERY: {
    meaning: 'Nothing of this zone waits to be handed over or could not be handed over.',
    cause: 'It was handed over, the zone waits for nothing of its parent, or its policy names no channel.',
    effect: 'Nothing was done.',
    fix: 'See what there is: keyturn handover list.',
  },
  NO_SUCH_ZONE: {
    meaning: 'The server has no zone of that name.',
    cause: 'A typing mistake, or its file is not in the zones directory.',
    effect: EFFECT.nothing,
    fix: 'keyturn zone list shows the zones; to add one, put its file into the zones directory.',
  },
  TOO_MANY_READERS: {
    meaning: 'So many readers follow the events that no other is let in.',
    cause: 'Programs that open the stream again and again without ending it.',
    effect: EFFECT.nothing,
    fix: 'End one of them, or ask without --follow.',
  },
  EVENTS_ENDED: {
    meaning: 'The server ended a stream of events that was to go on.',
    cause: 'The server was stopped.',
    effect: 'What happens from now on is not shown.',
    fix: 'When the server is there again, go on with --since and the last number.',
  },
  NO_ANSWER: {
    meaning: 'A DNS server that was asked gave no answer.',
    cause: 'No server listens there, a firewall drops the packets, or the server is overloaded.',
    effect: EFFECT.nothing,
    fix: 'Name the server and its port: keyturn query NAME TYPE @ADDRESS -p PORT. Try --tcp.',
  },
  ANSWER_MALFORMED: {
    meaning: 'What a DNS server answered is no DNS message.',
    cause: 'A broken server, or something on the way that changes answers.',
    effect: EFFECT.nothing,
    fix: 'Try --tcp, and another server.',
    rfc: 'RFC 1035 §4.1',
  },
  BAD_TYPE: {
    meaning: 'The type of a query is no record type, or one that has no single answer.',
    cause: 'A type misspelt, or AXFR.',
    effect: EFFECT.nothing,
    fix: 'Types without a name are written TYPE123. keyturn zone export prints a whole zone.',
    rfc: 'RFC 3597 §5',
  },
  NO_SUCH_COMMAND: {
    meaning: 'There is no command of that name.',
    cause: 'A typing mistake, or a command of another version.',
    effect: EFFECT.nothing,
    fix: 'keyturn --help lists the commands.',
  },
  NO_SUCH_CODE: {
    meaning: 'No code of that name is known.',
    cause: 'A typing mistake, or a code of another version.',
    effect: EFFECT.nothing,
    fix: 'keyturn explain lists all codes.',
  },
} as const satisfies Explanations;
