import pino from 'pino';

/** What one line may say: an event and the fields that belong to it. */
type Sayable = { readonly event: string };
type FieldsOf<Said extends Sayable, Name extends string> = Omit<Extract<Said, { event: Name }>, 'event'>;
type NameOf<Said> = Said extends unknown ? keyof Said : never;
/** Nothing beside what is allowed: without this, a spread could bring fields that no document knows. */
type Only<Given, Allowed> = Given & { readonly [Extra in Exclude<keyof Given, keyof Allowed>]: never };
type Write<Said extends Sayable> = <Name extends Said['event'], Given extends FieldsOf<Said, Name>>(
  event: Name,
  fields: Only<Given, FieldsOf<Said, Name>>,
) => void;

/** A logger that knows a closed list of events with their fields. Errors go into the field `err`. */
export type Log<Said extends Sayable> = {
  readonly debug: Write<Said>;
  readonly info: Write<Said>;
  readonly warn: Write<Said>;
  readonly error: Write<Said>;
  /** Puts these fields into every line, too. */
  with(fields: { readonly [Name in NameOf<Said>]?: unknown }): Log<Said>;
};

export type Level = 'debug' | 'info' | 'warn' | 'error';

/** Told of each line, also of those below the level that is written: by its event, its own fields, and those around. */
export type OnLine = (level: Level, event: string, fields: object, around: object) => void;

export type LogOptions = {
  role: string;
  node: string;
  level?: string;
  destination: pino.DestinationStream;
  onLine?: OnLine;
};

/** JSON lines with time, level, role, node and event first, then the fields of the event. */
export function createLog<Said extends Sayable>({
  role,
  node,
  level = 'info',
  destination,
  onLine,
}: LogOptions): Log<Said> {
  const options: pino.LoggerOptions = {
    level,
    base: { role, node },
    messageKey: 'event',
    timestamp: timeField,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: errorWithCauses },
  };
  return wrap<Said>(pino(options, destination), onLine);
}

let [fieldMs, field] = [0, ''];

/** Thousands of lines a second share their milliseconds: the text of one is made once. */
function timeField(): string {
  const nowMs = Date.now();
  if (nowMs !== fieldMs) [fieldMs, field] = [nowMs, `,"time":"${new Date(nowMs).toISOString()}"`];
  return field;
}

function wrap<Said extends Sayable>(logger: pino.Logger, onLine?: OnLine, around: object = {}): Log<Said> {
  const at =
    (level: Level) =>
    (event: string, fields: object): void => {
      logger[level](fields, event);
      onLine?.(level, event, fields, around);
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => wrap<Said>(logger.child(fields), onLine, { ...around, ...fields }),
  };
}

/** For tests and tools that have nothing to say. */
export const silentLog = <Said extends Sayable>(): Log<Said> => wrap<Said>(pino({ level: 'silent' }));

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
