import type { Attempt } from './attempts-of.ts';

/** One row of the chart: attempts of one worker that do not overlap. */
export type Lane = {
  readonly worker: string;
  /** A worker that does several things at once has several. */
  readonly isFirst: boolean;
  readonly attempts: readonly Attempt[];
};

/** More rows are no chart any more; the table has all. */
export const MOST_LANES = 40;

/** Each attempt in the first row of its worker that is free when it starts; workers by their first attempt. */
export function lanesOf(attempts: readonly Attempt[]): readonly Lane[] {
  const workers = Map.groupBy(attempts, ({ worker }) => worker);
  const lanes = [...workers].flatMap(([worker, own]) =>
    rowsOf(own).map((row, at) => ({ worker, isFirst: at === 0, attempts: row })),
  );
  return lanes.slice(0, MOST_LANES);
}

function rowsOf(attempts: readonly Attempt[]): Attempt[][] {
  const rows: Attempt[][] = [];
  for (const attempt of attempts) {
    const free = rows.find((row) => (row.at(-1)?.endMs ?? Infinity) <= attempt.startMs);
    if (free) free.push(attempt);
    else rows.push([attempt]);
  }
  return rows;
}

/** From the first start to the last end, or to now while something runs. Undefined without an attempt. */
export function spanOf(attempts: readonly Attempt[], nowMs: number): { startMs: number; endMs: number } | undefined {
  const [first] = attempts;
  if (!first) return undefined;
  const ends = attempts.map(({ endMs }) => endMs ?? nowMs);
  // Clocks differ: a browser's may be behind the database's.
  return { startMs: first.startMs, endMs: Math.max(...ends, first.startMs + 1) };
}

const STEPS_SECONDS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 43_200];
const MOST_TICKS = 6;

/** Round numbers of seconds from the start that divide the span well. */
export function ticksOf(spanSeconds: number): readonly number[] {
  const step = STEPS_SECONDS.find((seconds) => spanSeconds / seconds <= MOST_TICKS) ?? spanSeconds / MOST_TICKS;
  return Array.from({ length: Math.floor(spanSeconds / step) + 1 }, (_, tick) => Number((tick * step).toFixed(1)));
}
