import { LOG_EVENTS } from '../../domain/log-events.ts';
import type { LogLine } from '../../domain/log-line.ts';

/** Within a millisecond: the order in which such things happen, then any order that is always the same. */
export function byTime(a: LogLine, b: LogLine): number {
  if (a.time !== b.time) return a.time < b.time ? -1 : 1;
  const ranks = rankOf(a) - rankOf(b);
  if (ranks !== 0) return ranks;
  const [left, right] = [JSON.stringify(a), JSON.stringify(b)];
  return left === right ? 0 : left < right ? -1 : 1;
}

/** The list of events goes from the upload to the viewer. */
const RANKS: ReadonlyMap<string, number> = new Map(Object.keys(LOG_EVENTS).map((event, rank) => [event, rank]));
const rankOf = ({ event }: LogLine): number => RANKS.get(event) ?? RANKS.size;
