import pino from 'pino';

export type LogFields = Readonly<Record<string, unknown>>;

/** A logger that knows a closed list of events. Errors go into the field `err`. */
export type Log<Event extends string> = {
  debug(event: Event, fields?: LogFields): void;
  info(event: Event, fields?: LogFields): void;
  warn(event: Event, fields?: LogFields): void;
  error(event: Event, fields?: LogFields): void;
  with(fields: LogFields): Log<Event>;
};

export type LogOptions = { role: string; node: string; level?: string; destination?: pino.DestinationStream };

/** JSON lines with time, level, role, node and event first, then the fields of the event. */
export function createLog<Event extends string>({ role, node, level = 'info', destination }: LogOptions): Log<Event> {
  const options: pino.LoggerOptions = {
    level,
    base: { role, node },
    messageKey: 'event',
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: errorWithCauses },
  };
  return wrap<Event>(destination ? pino(options, destination) : pino(options));
}

/** What waits for a slow disk at most; lines beyond are lost rather than the memory. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
/** pino's stream measures the text of the next write anew with each line: at its default of 16 KiB that cost 10 µs. */
const MAX_WRITE_BYTES = 4096;

/**
 * Standard output for a role that writes a line for each of thousands of requests a second: the disk is not waited for,
 * and what comes while it writes goes out together. An exit writes what is left; a kill may lose the last moment.
 */
export const unhurriedOutput = (): pino.DestinationStream =>
  pino.destination({ dest: 1, sync: false, maxLength: MAX_WAITING_BYTES, maxWrite: MAX_WRITE_BYTES });

function wrap<Event extends string>(logger: pino.Logger): Log<Event> {
  return {
    debug: (event, fields = {}) => logger.debug(fields, event),
    info: (event, fields = {}) => logger.info(fields, event),
    warn: (event, fields = {}) => logger.warn(fields, event),
    error: (event, fields = {}) => logger.error(fields, event),
    with: (fields) => wrap<Event>(logger.child(fields)),
  };
}

/** For tests and tools that have nothing to say. */
export const silentLog = <Event extends string>(): Log<Event> => wrap<Event>(pino({ level: 'silent' }));

const MAX_CAUSES = 5;

function errorWithCauses(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const chain: string[] = [];
  let cause: unknown = error;
  while (cause instanceof Error && chain.length < MAX_CAUSES) {
    chain.push(`${cause.name}: ${cause.message}`);
    cause = cause.cause;
  }
  const code = (error as { code?: unknown }).code;
  return { message: chain.join(' <- '), ...(code === undefined ? {} : { code }), stack: error.stack };
}
