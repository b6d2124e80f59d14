/**
 * Logs: one JSON object a line on stderr, readable lines on a terminal. The only door to pino. Values that come from
 * outside go into fields, never into the message's format; names are in presentation form with \DDD escapes.
 */
import { type Logger, pino, stdTimeFunctions } from 'pino';
import pretty from 'pino-pretty';

/** What the daemon writes to: `log.info({ zone }, 'message')`. */
export type Log = Pick<Logger, 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'fatal' | 'level'>;
export type LogLevel = 'error' | 'warn' | 'info' | 'debug' | 'trace';

const STDERR = 2;
/** Fields that a line for a person has in its message already. */
const TOLD_IN_MESSAGE =
  'pid,zone,serial,records,ms,tags,path,key,record,from,to,because,by,keyId,tag,type,code,file,line,column,signal,fix,udp';

/** Makes the log of this process. Lines are written at once, so that none is lost when the process ends. */
export function createLog(level: LogLevel, options: { readonly isTerminal: boolean }): Log {
  const settings = { level, base: null, timestamp: stdTimeFunctions.isoTime };
  if (!options.isTerminal) return pino(settings, pino.destination({ dest: STDERR, sync: true }));
  const stream = pretty({
    destination: STDERR,
    sync: true,
    translateTime: 'SYS:HH:MM:ss',
    colorize: process.env.NO_COLOR === undefined,
    singleLine: true,
    ignore: TOLD_IN_MESSAGE,
  });
  return pino(settings, stream);
}
