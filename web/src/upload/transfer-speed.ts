/** How many bytes had been sent at a moment. */
export type Sample = { readonly atMs: number; readonly bytes: number };

/** Long enough to smooth the bursts in which browsers report progress, short enough to follow the network. */
const WINDOW_MS = 5000;
/** A speed from less than this says more about the first burst than about the network. */
const SHORTEST_SPAN_MS = 500;

/** The samples of the last seconds with one more; the oldest kept is the one just before the window. */
export function addSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const first = samples.findLastIndex(({ atMs }) => atMs <= sample.atMs - WINDOW_MS);
  return [...samples.slice(Math.max(first, 0)), sample];
}

/** Bytes per second over the samples, or undefined while that cannot be said. */
export function speedOf(samples: readonly Sample[]): number | undefined {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last || last.atMs - first.atMs < SHORTEST_SPAN_MS) return undefined;
  return ((last.bytes - first.bytes) * 1000) / (last.atMs - first.atMs);
}

export function remainingSeconds(samples: readonly Sample[], totalBytes: number): number | undefined {
  const speed = speedOf(samples);
  const last = samples.at(-1);
  if (!speed || !last) return undefined;
  return Math.max(totalBytes - last.bytes, 0) / speed;
}
