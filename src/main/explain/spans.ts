import type { Spans } from './session-entry.ts';

/** Numbers in any order, some of them more than once, as spans. */
export function spansOf(numbers: Iterable<number>): Spans {
  const spans: [number, number][] = [];
  for (const number of [...new Set(numbers)].sort((a, b) => a - b)) {
    const last = spans.at(-1);
    if (last && number === last[1] + 1) last[1] = number;
    else spans.push([number, number]);
  }
  return spans;
}
