/** Explanations: zone files as files, and as text (RFC 1035 §5, RFC 3597). */
import type { ZoneFault } from '../store/zonefile.ts';
import { EFFECT, type Explanations } from './explanation.ts';

/** The file cannot be read as a whole. */
export const ZONE_FAULT_CODES: Explanations<ZoneFault['code']> = {
  ZONE_NOT_A_FILE: {
    meaning: 'What has the name of a zone file is no regular file.',
    cause: 'A directory, a pipe or a device was given a name that ends in .zone.',
    effect: EFFECT.rejected,
    fix: 'Move it away, or give it another name.',
  },
  ZONE_LINK_OUTSIDE: {
    meaning: 'A zone file is a symbolic link that leads out of the zones directory.',
    cause: 'Zone files are kept elsewhere and linked to.',
    effect: EFFECT.rejected,
    fix: 'Copy the file, link inside the zones directory, or name the real directory with --zones.',
  },
  ZONE_TOO_LARGE: {
    meaning: 'A zone file has more octets than the configuration allows.',
    cause: 'A very large zone, or a file that is no zone file.',
    effect: EFFECT.rejected,
    fix: 'If the file is right, raise maxZoneFileOctets.',
  },
  ZONE_EMPTY: {
    meaning: 'A zone file is empty.',
    cause: 'The disk was full, or the program that writes the file failed.',
    effect: EFFECT.rejected,
    fix: 'Write it again. To serve the zone no more, remove the file.',
  },
  ZONE_UNREADABLE: {
    meaning: 'A zone file cannot be read.',
    cause: 'Its permissions shut out the user that runs the server, or the disk has errors.',
    effect: EFFECT.rejected,
    fix: 'Let the user of the server read the file and all directories above it.',
  },
  ZONE_CHANGING: {
    meaning: 'A zone file changed while it was read, or its last line is not complete yet.',
    cause: 'It is being written. Programs that write slowly do this.',
    effect: 'The server looks again shortly. What was served before stays served.',
    fix: 'Nothing, as a rule. Best is to write another file and to rename it when it is complete.',
  },
  ZONE_FILE_GONE: {
    meaning: 'A zone file vanished when it was about to be read.',
    cause: 'It was removed or renamed, or it is a link that leads nowhere.',
    effect: 'The server looks again shortly. What was served before stays served until then.',
    fix: 'Nothing, if it was removed on purpose; else put it back.',
  },
  ZONE_TWO_FILES: {
    meaning: 'Two files in the zones directory are of the same zone.',
    cause: 'Names that differ in upper and lower case only, or a plain name beside one with a hash.',
    effect: EFFECT.rejected,
    fix: 'Remove one of the two.',
  },
  ZONE_LOADER_DIED: {
    meaning: 'The thread that reads zone files ended while it read this one.',
    cause: 'The zone needs more memory than there is, or an error in Keyturn.',
    effect: 'The thread is started again. What was served before stays served.',
    fix: 'Look at the log and at the memory of the machine. If there is enough, report it with the file.',
  },
};

/** The text is not a zone. */
export const ZONE_TEXT_CODES = {
  ZONE_FILE_NAME: {
    meaning: 'A file that ends in .zone does not say by its name which zone it is of.',
    cause: 'The name before .zone is no domain name, or a hashed name without $ORIGIN in the file.',
    effect: 'The file is not loaded.',
    fix: 'Name it like example.com.zone; for zone check, --origin names the zone.',
  },
  ZONE_SYNTAX: {
    meaning: 'A line is neither a record nor a directive.',
    cause: 'A field is missing or there is one too many.',
    effect: EFFECT.rejected,
    fix: 'Write OWNER [TTL] [IN] TYPE RDATA; the message shows the place.',
    rfc: 'RFC 1035 §5.1',
  },
  ZONE_PARENTHESES: {
    meaning: 'A parenthesis is not closed, or was not opened.',
    cause: 'The ) at the end of a record of many lines, mostly the SOA, was lost.',
    effect: EFFECT.rejected,
    fix: 'Close it where the record ends.',
    rfc: 'RFC 1035 §5.1',
  },
  ZONE_QUOTES: {
    meaning: 'A quotation mark is not closed on its line.',
    cause: 'A TXT string that holds a quotation mark, or goes on in the next line.',
    effect: EFFECT.rejected,
    fix: 'Close it; within a string write \\" for a quotation mark.',
    rfc: 'RFC 1035 §5.1',
  },
  ZONE_LIMIT: {
    meaning:
      'The text goes beyond a limit: a token, a record, all records, all files, or what they take in memory.',
    cause: 'A file that is no zone file, a quotation or parenthesis that does not end, a huge $GENERATE.',
    effect: EFFECT.rejected,
    fix: 'The message names the limit; look at the place that it shows.',
  },
  ZONE_NO_OWNER: {
    meaning: 'The first record begins with a blank, which repeats an owner that is not there.',
    cause: 'The line was indented by an editor.',
    effect: EFFECT.rejected,
    fix: 'Begin the line with the owner, or with @ for the zone itself.',
    rfc: 'RFC 1035 §5.1',
  },
  ZONE_BAD_NAME: {
    meaning: 'Something that should be a domain name is none.',
    cause: 'Two dots in a row, a wrong \\DDD escape, quotation marks.',
    effect: EFFECT.rejected,
    fix: 'Write it as labels of 1 to 63 octets, separated by dots.',
    rfc: 'RFC 1035 §5.1',
  },
  ZONE_LABEL_TOO_LONG: {
    meaning: 'A label of a name has more than 63 octets.',
    cause: 'A key or hash was written into one label.',
    effect: EFFECT.rejected,
    fix: 'Split it by dots, as the standard that asks for it says.',
    rfc: 'RFC 1035 §2.3.4',
  },
  ZONE_NAME_TOO_LONG: {
    meaning: 'A name has more than 255 octets.',
    cause: 'A name without a final dot, to which the origin was added.',
    effect: EFFECT.rejected,
    fix: 'Add the final dot if the name is complete.',
    rfc: 'RFC 1035 §2.3.4',
  },
  ZONE_OUT_OF_ZONE: {
    meaning: 'A record is of a name that is not in the zone.',
    cause: 'A final dot too much, a wrong $ORIGIN, or records of another zone.',
    effect: EFFECT.rejected,
    fix: 'Mend the owner or $ORIGIN, or move the record into the file of its zone.',
    rfc: 'RFC 1035 §5.2',
  },
  ZONE_CLASS: {
    meaning: 'A record is of a class other than IN.',
    cause: 'A CH or HS record, from a file of another server.',
    effect: EFFECT.rejected,
    fix: 'Remove it: Keyturn serves the class IN only.',
    rfc: 'RFC 1035 §5.2',
  },
  ZONE_UNKNOWN_TYPE: {
    meaning: 'A word stands where a record type is expected, and is none.',
    cause: 'A type misspelt, or a field before it that is missing or one too many.',
    effect: EFFECT.rejected,
    fix: 'Mend the word; types without a name are written TYPE123 with \\# RDATA.',
    rfc: 'RFC 3597 §5',
  },
  ZONE_META_TYPE: {
    meaning: 'A record has a type that exists in messages only.',
    cause: 'OPT, TSIG, AXFR, ANY or the like was written into a zone.',
    effect: EFFECT.rejected,
    fix: 'Remove the record.',
    rfc: 'RFC 6895 §3.1',
  },
  ZONE_BAD_TTL: {
    meaning: 'A TTL cannot be understood.',
    cause: 'A unit that does not exist, or a fraction.',
    effect: EFFECT.rejected,
    fix: 'Write seconds, or units as in 1h30m.',
    rfc: 'RFC 2308 §4',
  },
  ZONE_NO_TTL: {
    meaning: 'A record has no TTL, and none can be taken from elsewhere.',
    cause: '$TTL is missing.',
    effect: EFFECT.rejected,
    fix: 'Write $TTL 3600, or what fits, on the first line.',
    rfc: 'RFC 2308 §4',
  },
  ZONE_TTL_FROM_SOA: {
    meaning: 'A record has no TTL and got the MINIMUM of the SOA.',
    cause: '$TTL is missing. Files from before 1998 meant this.',
    effect: EFFECT.loaded,
    fix: 'Write $TTL on the first line.',
    rfc: 'RFC 2308 §4',
  },
  ZONE_TTL_TOO_LARGE: {
    meaning: 'A TTL is above 2147483647 seconds and counts as 0.',
    cause: 'A digit too many.',
    effect: 'A warning: the zone is loaded, and the record is kept by no cache.',
    fix: 'Write the TTL that is meant; more than a week is seldom useful.',
    rfc: 'RFC 2181 §8',
  },
  ZONE_BAD_RDATA: {
    meaning: 'The data of a record does not have the form of its type.',
    cause: 'A field is missing, out of range or misspelt.',
    effect: EFFECT.rejected,
    fix: 'The message names the field and what it may be.',
    rfc: 'RFC 1035 §3.3',
  },
  ZONE_UNKNOWN_DIRECTIVE: {
    meaning: 'A line begins with $ and a word that is no directive.',
    cause: 'A directive misspelt, or one of another server.',
    effect: EFFECT.rejected,
    fix: 'Known are $ORIGIN, $TTL, $INCLUDE and $GENERATE.',
    rfc: 'RFC 1035 §5.1',
  },
  ZONE_INCLUDE: {
    meaning: 'A file that $INCLUDE names cannot be taken in.',
    cause: 'It is missing, outside of the zones directory, or includes itself.',
    effect: EFFECT.rejected,
    fix: 'Put it beside the zone file or below; names are relative to the zones directory.',
    rfc: 'RFC 1035 §5.1',
  },
  ZONE_GENERATE: {
    meaning: 'A $GENERATE line is wrong.',
    cause: 'A range that is none, or a template whose offset, width or base is wrong.',
    effect: EFFECT.rejected,
    fix: 'Write it like: $GENERATE 1-254 host-$ A 192.0.2.$',
  },
  ZONE_MORE_ERRORS: {
    meaning: 'The file has more errors than are shown.',
    cause: 'One mistake, mostly an early one, that makes the rest wrong.',
    effect: EFFECT.rejected,
    fix: 'Mend the first ones, and check again.',
  },
  ZONE_MORE_WARNINGS: {
    meaning: 'The file has more warnings than are shown.',
    cause: 'One peculiarity, repeated.',
    effect: EFFECT.loaded,
    fix: 'Mend the first ones, and check again.',
  },
} as const satisfies Explanations;
