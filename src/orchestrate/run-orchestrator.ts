import { LRUCache } from 'lru-cache';
import type { AboutRecords } from '../domain/about-video.ts';
import type { GrowthRecords, RetiredGenerations } from '../domain/growth.ts';
import type { Decide, DuePlaylists, Holder, JobRecords } from '../domain/job-records.ts';
import type { LogEvent } from '../domain/log-events.ts';
import type { Clock, ObjectStore } from '../domain/ports.ts';
import { Bell } from '../lib/bell.ts';
import type { Log } from '../lib/log.ts';
import { repeat } from '../lib/repeat.ts';
import type { ClaimLine } from './claim-line.ts';
import { growVideo } from './grow-video.ts';
import { keepAbout } from './keep-about.ts';
import { publishNext } from './publish-next.ts';
import { reconcile } from './reconcile.ts';
import { refreshPlaylists } from './refresh-playlists.ts';
import { removeGenerations } from './remove-generations.ts';
import { startJobs } from './start-jobs.ts';
import { Attention, takeTasks } from './take-tasks.ts';
import { isDatabaseAway } from './until-answered.ts';
import type { WorkerLines } from './worker-lines.ts';

export type RunDeps = {
  readonly records: JobRecords;
  readonly growth: GrowthRecords;
  readonly due: DuePlaylists;
  readonly retired: RetiredGenerations;
  readonly about: AboutRecords;
  readonly store: ObjectStore;
  readonly line: Pick<ClaimLine, 'lendRound' | 'failAll'>;
  readonly workers: Pick<WorkerLines, 'run'>;
  readonly decide: Decide;
  /** `work` rings when there may be something to lend, `own` when there may be something to start or to publish. */
  readonly bells: { readonly work: Bell; readonly own: Bell };
  /** Rings when segments were reported here. */
  readonly growthBell: Bell;
  readonly clock: Clock;
  readonly log: Log<LogEvent>;
  /** This orchestrator as the holder of publish tasks. */
  readonly self: Holder;
  readonly leaseMs: number;
  /** How often whatever no live task stands behind is looked for. */
  readonly reconcileMs: number;
};

/** A bell may be missed, and pauses end without one: this is how late that is noticed. */
const LOOK_MS = 1_000;
const LEND_LOOK_MS = 500;
const TAKE_LOOK_MS = 500;
const GROW_LOOK_MS = 500;
const ABOUT_LOOK_MS = 2_000;
const PLAYLISTS_LOOK_MS = 5_000;
const REMOVE_LOOK_MS = 60_000;
/** Videos published at once: checking a long one must not keep the short ones. */
const PUBLISHERS = 3;
/** Renditions that grow at once, of all videos; beyond that some segments are looked for twice. */
const MAX_FOUND = 10_000;

/** What an orchestrator does unasked, until the signal aborts. A round that fails is logged, and the next one comes. */
export async function runOrchestrator(deps: RunDeps, signal: AbortSignal): Promise<void> {
  const { bells, line, log } = deps;
  const onError = outageTold(log, deps.clock);
  const loop = (work: () => Promise<boolean>, everyMs: number, bell: Bell, failed = onError): Promise<void> =>
    repeat(work, { everyMs, bell, signal, onError: failed });
  const lendFailed = (err: unknown): void => {
    onError(err);
    line.failAll(err);
  };
  const attention = new Attention(deps.clock, deps.leaseMs);
  const found = new LRUCache<string, number>({ max: MAX_FOUND });
  const noBell = new Bell();
  await Promise.all([
    loop(() => startJobs(deps), LOOK_MS, bells.own),
    loop(() => line.lendRound(), LEND_LOOK_MS, bells.work, lendFailed),
    ...Array.from({ length: PUBLISHERS }, () => loop(() => publishNext(deps, signal), LOOK_MS, bells.own)),
    loop(() => takeTasks({ ...deps, attention }), TAKE_LOOK_MS, noBell),
    loop(() => growVideo({ ...deps, found }), GROW_LOOK_MS, deps.growthBell),
    loop(() => refreshPlaylists(deps), PLAYLISTS_LOOK_MS, bells.own),
    loop(() => removeGenerations(deps), REMOVE_LOOK_MS, noBell),
    loop(() => keepAbout(deps), ABOUT_LOOK_MS, noBell),
    loop(() => reconcile(deps), deps.reconcileMs, noBell),
    deps.workers.run(),
  ]);
}

/** Every loop fails in an outage, round after round: it is told once in a while. */
const OUTAGE_TOLD_MS = 5_000;

function outageTold(log: Log<LogEvent>, clock: Clock): (err: unknown) => void {
  let toldMs = Number.NEGATIVE_INFINITY;
  return (err) => {
    const isOutage = isDatabaseAway(err);
    if (isOutage && clock.nowMs() - toldMs < OUTAGE_TOLD_MS) return;
    if (isOutage) toldMs = clock.nowMs();
    log.error('queue_error', { err });
  };
}
