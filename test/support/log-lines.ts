import type { LogEvent } from '../../src/domain/log-events.ts';
import type { LogLine } from '../../src/domain/log-line.ts';

/** When the lines of these tests begin. */
export const START = '2026-11-23T00:00:00.000Z';

/** A line as a role would write it, so many seconds after the start. */
export function logLine<Name extends LogEvent['event']>(
  event: Name,
  afterSeconds: number,
  node: string,
  fields: Omit<Extract<LogEvent, { event: Name }>, 'event'>,
): Extract<LogLine, { event: Name }> {
  const time = new Date(Date.parse(START) + afterSeconds * 1000).toISOString();
  const role = node.split('-')[0] ?? node;
  return { level: 'info', time, role, node, ...fields, event } as unknown as Extract<LogLine, { event: Name }>;
}

export const SESSION = { sessionId: '40frnw934kxvg6vw', videoId: '0123456789abcdef' } as const;

/** A request of a session that its edge answered; it began 5 ms before. */
export const served = (
  afterSeconds: number,
  edge: string,
  what: {
    rendition?: string;
    segment?: number;
    kind?: string;
    cache?: string;
    status?: number;
    cmcd?: object;
    code?: string;
  },
): LogLine =>
  logLine('segment_served', afterSeconds, edge, {
    ...SESSION,
    kind: 'segment',
    cache: 'hit',
    tier: 'ram',
    bytes: 1000,
    status: 200,
    durationMs: 5,
    edge,
    ...(what as { cmcd?: Record<string, number> }),
  });
