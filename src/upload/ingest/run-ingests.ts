import type { Bell } from '../../lib/bell.ts';
import { repeat } from '../../lib/repeat.ts';
import { type IngestDeps, runIngest } from './run-ingest.ts';

export type RunOptions = {
  /** Sources that this process fetches at once. */
  readonly atOnce: number;
  /** Rings when one was taken down here. */
  readonly bell: Bell;
  readonly signal: AbortSignal;
};

/** Those that another process took down, or left behind, are found this late. */
const LOOK_EVERY_MS = 2_000;

/** Fetches sources by their URLs until the signal aborts. */
export async function runIngests(deps: IngestDeps, { atOnce, bell, signal }: RunOptions): Promise<void> {
  const onError = (err: unknown): void => deps.log.warn('database_error', { err });
  const loop = (): Promise<void> =>
    repeat(() => runIngest(deps, signal), { everyMs: LOOK_EVERY_MS, bell, signal, onError });
  await Promise.all(Array.from({ length: atOnce }, loop));
}
