/** Explanations: key files and key states on disk. */
import type { KeystoreError } from '../store/keypairs.ts';
import type { StateError } from '../store/state.ts';
import { EFFECT, type Explanations } from './explanation.ts';

export const KEY_CODES: Explanations<KeystoreError['code']> = {
  KEY_MISSING: {
    meaning: 'A file of a key that the state names is not there.',
    cause: 'It was removed, or only a part of the keys directory was restored.',
    effect: EFFECT.frozen,
    fix: 'Restore it from a backup. No key is made in its place: the DS at the parent points to it.',
  },
  KEY_UNREADABLE: {
    meaning: 'A key file cannot be read.',
    cause: 'It belongs to another user, is a symbolic link, or the disk has errors.',
    effect: EFFECT.frozen,
    fix: 'Make it a regular file of the user that runs the server, mode 0600.',
  },
  KEY_MODE: {
    meaning: 'A private key can be read or written by others than its owner.',
    cause: 'It was copied without care for its mode.',
    effect: EFFECT.frozen,
    fix: 'Run chmod 600 on it. If others could really read it, replace the key (rollover start --emergency).',
  },
  KEY_MALFORMED: {
    meaning: 'A key file does not have the form of BIND key files.',
    cause: 'It was edited, cut off, or written by a program with another form.',
    effect: EFFECT.frozen,
    fix: 'Restore it; the message says what is wrong in it.',
  },
  KEY_MISMATCH: {
    meaning: 'The name of a key, its .key and its .private are not of one key.',
    cause: 'Files of different keys were mixed.',
    effect: EFFECT.frozen,
    fix: 'Restore both files of the key together.',
  },
  KEY_PROBE: {
    meaning: 'A key cannot sign what its public half verifies, by one of two implementations.',
    cause: 'A damaged key file, or broken memory.',
    effect: EFFECT.frozen,
    fix: 'Restore the key. If the key was just made, test the memory of the machine.',
  },
  KEY_REMOVED: {
    meaning: 'Files of a key are back whose private half was destroyed.',
    cause: 'An old backup was restored into the keys directory.',
    effect: EFFECT.frozen,
    fix: 'Move the files away: the key has left the zone and must not come back.',
    rfc: 'RFC 7583 §3.1',
  },
  KEYS_AMBIGUOUS: {
    meaning: 'It cannot be told which of the keys in a directory shall sign.',
    cause: 'Keys without a state, more than one of a kind, or of different algorithms.',
    effect: EFFECT.frozen,
    fix: 'Leave one key with flags 257 and at most one with 256, and move the others elsewhere.',
    rfc: 'RFC 6781 §3.1',
  },
  KEYS_INCOMPLETE: {
    meaning: 'A zone has zone-signing keys (flags 256) and none that a DS can point to (flags 257).',
    cause: 'The KSK was kept apart and not brought along.',
    effect: EFFECT.frozen,
    fix: 'Put the files of the KSK beside them.',
    rfc: 'RFC 6781 §3.1',
  },
  KEYS_INACTIVE: {
    meaning: 'Key files are there, and by their times none is in use.',
    cause: 'Their Inactive or Delete times are over, or their Activate times still to come.',
    effect: EFFECT.frozen,
    fix: 'Bring the keys that are in use, or move these away so that new ones are made.',
    rfc: 'RFC 7583 §3.1',
  },
  KEY_ROLES: {
    meaning: 'It is not known what a key is for, or its flags do not fit that.',
    cause: 'A PEM file has no flags, and --roles was not said; or flags other than 256 and 257.',
    effect: EFFECT.nothing,
    fix: 'Say --roles csk, ksk or zsk (one for each file, with commas), or name the old server: --served-by.',
    rfc: 'RFC 4034 §2.1.1',
  },
  KEY_TAGS: {
    meaning: 'Two keys that shall be taken over have the same key tag.',
    cause: 'One key was named twice, or two keys share a tag by chance (one in 65,536).',
    effect: EFFECT.nothing,
    fix: 'Name each key once; of two that share a tag, let the old signer replace one first.',
    rfc: 'RFC 4034 §8',
  },
  KEYS_NOT_FOUND: {
    meaning: 'No key files of the zone are where they were said to be.',
    cause: 'A path of another zone, a format that was named wrong, or files that the server must not read.',
    effect: EFFECT.nothing,
    fix: 'Name K*.key files, PEM files, or a directory with them, as the server sees it.',
  },
  SERIAL_UNREADABLE: {
    meaning: 'The file that keeps the served serial of a zone cannot be understood.',
    cause: 'It was written by somebody else, or the disk lost it.',
    effect: EFFECT.rejected,
    fix: 'See which serial the secondaries have, write {"format":1,"serial":THAT,"digest":""} into it, and reload the zone.',
    rfc: 'RFC 1982 §3.2',
  },
  KEYS_PRESENT: {
    meaning: 'Keys shall be taken over by a zone that has keys already.',
    cause: 'The zone was served before, and keys were made for it; or its keys were imported twice.',
    effect: EFFECT.nothing,
    fix: 'If nobody relies on them: move its zone file away, then its directory of keys; import; put the file back.',
  },
};

/** Keys that are to come from other signers, or go to other programs. */
export const KEY_FILE_CODES = {
  KEYS_UNCOVERED: {
    meaning: 'The zone is served with keys that an import would take away at once.',
    cause: 'Keys of the old signer are missing in the import, or one that is revoked.',
    effect: EFFECT.nothing,
    fix: 'Import these as well, or let the old signer remove them first. --force-unsafe "REASON" goes on anyway.',
    rfc: 'RFC 6781 §4.3.5',
  },
  PATH_RELATIVE: {
    meaning: 'A path of key files does not begin at the root.',
    cause: 'A call over the control socket; the server has a working directory of its own.',
    effect: EFFECT.nothing,
    fix: 'Begin it with a slash.',
  },
  PRIVATE_MISSING: {
    meaning: 'Keys shall be exported as PEM, and --private was not said.',
    cause: 'PEM files hold private halves alone.',
    effect: EFFECT.nothing,
    fix: 'Add --private, or leave --format out: the public halves are then written as BIND has them.',
  },
} as const satisfies Explanations;

export const STATE_CODES: Explanations<StateError['code']> = {
  STATE_CORRUPT: {
    meaning: 'The state of the keys of a zone (state.json) is damaged.',
    cause: 'It was edited, or the disk has errors.',
    effect: EFFECT.frozen,
    fix: 'Restore it from a backup. Do not remove it: it knows which DS the parent may have.',
  },
  STATE_NEWER: {
    meaning: 'The state of the keys was written by a later version of Keyturn.',
    cause: 'Keyturn was set back to an earlier version.',
    effect: EFFECT.frozen,
    fix: 'Run the later version, or restore a state of this one.',
  },
  STATE_FOREIGN: {
    meaning: 'The state of the keys is that of another zone.',
    cause: 'A directory of keys was copied or renamed.',
    effect: EFFECT.frozen,
    fix: 'Give each zone the directory that was made for it.',
  },
  STATE_UNREADABLE: {
    meaning: 'The state of the keys cannot be read.',
    cause: 'It belongs to another user, or the disk has errors.',
    effect: EFFECT.frozen,
    fix: 'Make it readable for the user that runs the server, mode 0600.',
  },
};

/** Codes with the code of the system at their end: `KEY_STORE_ENOSPC`. */
export const KEY_STORE_CODES = {
  KEY_STORE_ENOSPC: {
    meaning: 'A key or a state could not be written: the disk is full.',
    cause: 'Logs or other data filled the file system of the keys directory.',
    effect: EFFECT.frozen,
    fix: 'Make room on the disk.',
  },
  KEY_STORE_EACCES: {
    meaning: 'A key or a state could not be read or written: permission denied.',
    cause: 'The keys directory or files in it belong to another user.',
    effect: EFFECT.frozen,
    fix: 'Give the keys directory to the user that runs the server, mode 0700.',
  },
  KEY_STORE_EROFS: {
    meaning: 'A key or a state could not be written: the file system is read-only.',
    cause: 'The disk had errors, or it is mounted that way.',
    effect: EFFECT.frozen,
    fix: 'Mount it writable after it was checked.',
  },
  KEY_STORE_EIO: {
    meaning: 'A key or a state could not be read or written: the disk has errors.',
    cause: 'A disk that breaks.',
    effect: EFFECT.frozen,
    fix: 'Replace the disk; the state that was written last is whole.',
  },
  KEY_STORE_ENOENT: {
    meaning: 'A key or a state could not be written: a directory is gone.',
    cause: 'The keys directory was removed or unmounted while the server runs.',
    effect: EFFECT.frozen,
    fix: 'Put it back, as it was.',
  },
  KEY_STORE_OTHER: {
    meaning: 'A key or a state could not be read or written, for the reason that stands after KEY_STORE_.',
    cause: 'A fault of the file system that the system names with that word.',
    effect: EFFECT.frozen,
    fix: 'Look the word up in errno(3), and at the log of the system.',
  },
} as const satisfies Explanations;
