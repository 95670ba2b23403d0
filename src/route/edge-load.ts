import type { Clock } from '../domain/ports.ts';

export type EdgeLoad = {
  /** A session begins there, or one of its requests goes there. */
  note(name: string): void;
  /** Requests of the last seconds, older ones counting less: what playing sessions cause in the long run. */
  of(name: string): number;
};

/** About two segments of every session that plays fall into it. */
const MEMORY_MS = 10_000;
/** Names that came and went are forgotten beyond this. */
const MAX_NAMES = 1000;

/** How busy each edge is, as far as this router keeps it busy. */
export function createEdgeLoad(clock: Clock): EdgeLoad {
  const loads = new Map<string, { load: number; atMs: number }>();
  const decayed = ({ load, atMs }: { load: number; atMs: number }, nowMs: number): number =>
    load * Math.exp((atMs - nowMs) / MEMORY_MS);
  return {
    note: (name) => {
      const nowMs = clock.nowMs();
      const last = loads.get(name) ?? { load: 0, atMs: nowMs };
      if (loads.size >= MAX_NAMES && !loads.has(name)) loads.clear();
      loads.set(name, { load: decayed(last, nowMs) + 1, atMs: nowMs });
    },
    of: (name) => {
      const last = loads.get(name);
      return last ? decayed(last, clock.nowMs()) : 0;
    },
  };
}
