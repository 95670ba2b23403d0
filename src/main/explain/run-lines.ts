import type { LogEvent } from '../../domain/log-events.ts';
import type { LogLine } from '../../domain/log-line.ts';
import type { ServedRun } from './session-entry.ts';

type Of<Event extends LogEvent['event']> = Extract<LogLine, { event: Event }>;
export type ServedLine = Of<'segment_served'>;
export type AheadLine = Of<'segment_prefetched'> | Of<'prefetch_dropped'>;
export type FailedLine = Of<'request_failed'>;

/** Lines of which a viewing has so many that they are told together. */
export type RunLine = ServedLine | AheadLine | FailedLine;

const RUN_EVENTS: ReadonlySet<string> = new Set<RunLine['event']>([
  'segment_served',
  'segment_prefetched',
  'prefetch_dropped',
  'request_failed',
]);
export const isRunLine = (line: LogLine): line is RunLine => RUN_EVENTS.has(line.event);
export const isServed = (line: LogLine): line is ServedLine => line.event === 'segment_served';

const FIRST_REFUSAL = 400;
export const isRefused = ({ status }: Pick<ServedLine, 'status'>): boolean => status >= FIRST_REFUSAL;

export function sourceOf({ cache }: ServedLine): ServedRun['from'] {
  if (cache === 'miss') return 'store';
  return cache === 'coalesced' ? 'joined' : 'cache';
}

/** When what the line tells of began. */
export const startOf = (line: LogLine): number =>
  Date.parse(line.time) -
  (line.event === 'segment_served' || line.event === 'segment_prefetched' ? line.durationMs : 0);
