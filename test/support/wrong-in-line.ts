import { LOG_EVENTS, type LogEventName } from '../../src/domain/log-events.ts';
import { fieldsOf, isOfKind } from '../../src/domain/log-line.ts';

/** What every line has, whatever it tells. */
const HEADER = new Set(['level', 'time', 'role', 'node', 'event']);

/** How a line that was logged differs from what docs/logs.md says of its event, if it does. */
export function wrongInLine(line: Readonly<Record<string, unknown>>): string[] {
  const { event } = line;
  if (typeof event !== 'string' || !(event in LOG_EVENTS)) return [`there is no event ${event}`];
  const fields = fieldsOf(event as LogEventName);
  const names = new Set(fields.map(({ name }) => name));
  const more = Object.keys(line).filter((name) => !HEADER.has(name) && !names.has(name));
  const wrong = fields.filter(({ name, kind, isOptional }) =>
    line[name] === undefined ? !isOptional : !isOfKind(line[name], kind),
  );
  return [
    ...more.map((name) => `${event} has a field ${name} that is not listed`),
    ...wrong.map(({ name, kind }) => `${event} should have ${name} as ${kind}, not ${JSON.stringify(line[name])}`),
  ];
}
