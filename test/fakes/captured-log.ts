import type { LogEvent, LogEventName } from '../../src/domain/log-events.ts';
import { createLog, type Log } from '../../src/lib/log.ts';
import { wrongInLine } from '../support/wrong-in-line.ts';

export type CapturedLine = Record<string, unknown> & { event: LogEventName; level: string };

/** The real logger, its lines parsed into an array. A line that is not as documented ends the test. */
export function capturedLog(): { log: Log<LogEvent>; lines: CapturedLine[] } {
  const lines: CapturedLine[] = [];
  const write = (text: string): void => {
    const line: CapturedLine = JSON.parse(text);
    const wrong = wrongInLine(line);
    if (wrong.length > 0) queueMicrotask(() => fail(wrong));
    lines.push(line);
  };
  return { log: createLog({ role: 'test', node: 'test', level: 'debug', destination: { write } }), lines };
}

/** Outside of the code that logs: it might take the error for one of its own. */
function fail(wrong: readonly string[]): never {
  throw new Error(`not as docs/logs.md has it: ${wrong.join('; ')}`);
}
