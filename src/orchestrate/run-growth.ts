import { LRUCache } from 'lru-cache';
import { Bell } from '../lib/bell.ts';
import { repeat } from '../lib/repeat.ts';
import { type GrowDeps, growVideo } from './grow-video.ts';
import { type RemoveDeps, removeGenerations } from './remove-generations.ts';

export type GrowthDeps = Omit<GrowDeps, 'found'> &
  RemoveDeps & {
    readonly store: GrowDeps['store'] & RemoveDeps['store'];
    /** Rings when segments were reported. */
    readonly bell: Bell;
  };

/** A report to another orchestrator, and the pause between two writes, ring no bell here. */
const LOOK_EVERY_MS = 500;
const REMOVE_EVERY_MS = 60_000;
/** Renditions under way at once, of all videos; beyond that some segments are looked for twice. */
const MAX_FOUND = 10_000;

/** Grows what is being made and removes what was replaced, until the signal aborts. */
export async function runGrowth(deps: GrowthDeps, signal: AbortSignal): Promise<void> {
  const found = new LRUCache<string, number>({ max: MAX_FOUND });
  const onError = (err: unknown): void => deps.log.error('growth_failed', { err });
  await Promise.all([
    repeat(() => growVideo({ ...deps, found }), { everyMs: LOOK_EVERY_MS, bell: deps.bell, signal, onError }),
    repeat(() => removeGenerations(deps), { everyMs: REMOVE_EVERY_MS, bell: new Bell(), signal, onError }),
  ]);
}
