import type { LogEvent, LogEventName } from '../../src/domain/log-events.ts';
import { createLog, type Log } from '../../src/lib/log.ts';

export type CapturedLine = Record<string, unknown> & { event: LogEventName; level: string };

/** The real logger, its lines parsed into an array. */
export function capturedLog(): { log: Log<LogEvent>; lines: CapturedLine[] } {
  const lines: CapturedLine[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line));
  return { log: createLog({ role: 'test', node: 'test', level: 'debug', destination: { write } }), lines };
}
