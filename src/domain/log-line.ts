import { LOG_EVENTS, type LogEvent, type LogEventName } from './log-events.ts';
import { LOG_FIELDS, type LogFieldKind } from './log-fields.ts';

/** One line of any role's log: who said it, when, and what. */
export type LogLine = LogEvent & {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly level: string;
  readonly role: string;
  readonly node: string;
};

/** One field that an event may carry. */
export type LogField = { readonly name: string; readonly kind: LogFieldKind; readonly isOptional: boolean };

/** The fields of an event, in the order of its list. */
export const fieldsOf = (event: LogEventName): readonly LogField[] => FIELDS.get(event) ?? [];

const FIELDS: ReadonlyMap<string, readonly LogField[]> = new Map(
  Object.entries(LOG_EVENTS).map(([event, list]) => [event, list.split(' ').map(parseField)]),
);

function parseField(word: string): LogField {
  const name = word.replace(/\?$/, '');
  return { name, kind: LOG_FIELDS[name as keyof typeof LOG_FIELDS], isOptional: name !== word };
}

/**
 * A parsed line as a typed one, or undefined where it is none of ours. What a newer version says beside the fields
 * that are known here is kept, and does no harm.
 */
export function parseLogLine(value: unknown): LogLine | undefined {
  if (!isRecord(value) || !HEADER.every((name) => typeof value[name] === 'string')) return undefined;
  const fields = typeof value.event === 'string' ? FIELDS.get(value.event) : undefined;
  if (!fields || !isTime(String(value.time))) return undefined;
  const isSound = fields.every(({ name, kind, isOptional }) =>
    value[name] === undefined ? isOptional : isOfKind(value[name], kind),
  );
  return isSound ? (value as LogLine) : undefined;
}

/** As lib/log.ts writes it, and no other way: such texts are in the order of the times that they stand for. */
const isTime = (text: string): boolean =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text) && !Number.isNaN(Date.parse(text));

const HEADER = ['time', 'level', 'role', 'node'] as const;

/** Whether a value, as JSON gives it back, is what the list of fields says. */
export function isOfKind(value: unknown, kind: LogFieldKind): boolean {
  switch (kind) {
    case 'text':
      return typeof value === 'string';
    case 'number':
      return typeof value === 'number';
    case 'boolean':
      return typeof value === 'boolean';
    case 'text or null':
      return value === null || typeof value === 'string';
    case 'number or null':
      return value === null || typeof value === 'number';
    case 'texts':
      return Array.isArray(value) && value.every((one) => typeof one === 'string');
    case 'numbers':
      return Array.isArray(value) && value.every((one) => typeof one === 'number');
    case 'numbers by name':
      return isRecord(value) && Object.values(value).every((one) => typeof one === 'number');
    case 'cmcd':
      return value === 'malformed' || isRecord(value);
    case 'trace':
      return isRecord(value) && Object.values(value).every((one) => typeof one === 'string');
    case 'error':
      return true;
    default:
      return kind satisfies never;
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
