import { DomainError } from '../domain/errors.ts';
import type { Decide, HeldTask, JobRecords, Setback, TaskRef } from '../domain/job-records.ts';
import type { LogEvent } from '../domain/log-events.ts';
import type { SourceFacts, TaskFailure, TaskKind, TaskResult, TextResult, TrialResult } from '../domain/tasks.ts';
import type { Bell } from '../lib/bell.ts';
import type { Log } from '../lib/log.ts';
import { type LadderPolicy, planLadder, planVideo } from './plan-video.ts';

export type SettleDeps = {
  readonly records: Pick<
    JobRecords,
    'taskOf' | 'planOf' | 'complete' | 'completeText' | 'completeProbe' | 'completeTrial' | 'fail' | 'giveBack'
  >;
  readonly decide: Decide;
  /** Rings when there may be something to lend, or to publish. */
  readonly bells: { readonly work: Bell; readonly own: Bell };
  readonly log: Log<LogEvent>;
};

export type CompleteDeps = SettleDeps & { readonly ladders: LadderPolicy };

/** The attempt brought a result. */
export async function completeTask(ref: TaskRef, result: TaskResult, deps: CompleteDeps): Promise<void> {
  const task = await deps.records.taskOf(ref);
  if (task.spec.kind === 'probe') await planOrFail({ ...task, ...ref }, result as SourceFacts, deps);
  else if (task.spec.kind === 'trial') await chooseLadder({ ...task, ...ref }, result as TrialResult, deps);
  else if (await settle(ref, task.spec.kind, result, deps)) deps.bells.own.ring();
  deps.log.info('task_done', { ...idsOf(task), kind: task.spec.kind });
}

const settle = (ref: TaskRef, kind: TaskKind, result: TaskResult, { records }: CompleteDeps): Promise<boolean> =>
  kind === 'text' ? records.completeText(ref, result as TextResult) : records.complete(ref, result);

async function planOrFail(task: HeldTask & TaskRef, facts: SourceFacts, deps: CompleteDeps): Promise<void> {
  try {
    const plan = await planVideo(task, facts, deps.ladders, deps.records);
    const rungs = plan.rungs.map((rung) => rung.rendition);
    const planned = { rungs, chunks: plan.chunks.length, frames: plan.grid?.frames ?? 0 };
    deps.log.info('job_planned', { ...idsOf(task), ...planned });
    deps.bells.work.ring();
  } catch (error) {
    if (!(error instanceof DomainError) || !UNUSABLE.has(error.code)) throw error;
    await failTask(task, { code: error.code, message: error.message, cause: 'input' }, deps);
  }
}

async function chooseLadder(task: HeldTask & TaskRef, trial: TrialResult, deps: CompleteDeps): Promise<void> {
  const { rungs } = await planLadder(task, trial, deps.ladders, deps.records);
  const capsBps = Object.fromEntries(rungs.map(({ rendition, maxrateBps }) => [rendition, maxrateBps]));
  deps.log.info('ladder_chosen', { ...idsOf(task), ratesBps: trial.ratesBps, capsBps });
  deps.bells.work.ring();
  deps.bells.own.ring();
}

/** What a plan says of a source that nothing can be made of; anything else is no word on the source. */
const UNUSABLE: ReadonlySet<string> = new Set(['not_a_video', 'source_unsupported']);

const idsOf = ({ videoId, jobId, taskId, attempt }: HeldTask) => ({ videoId, jobId, taskId, attempt });

/** The attempt ended without a result. */
export async function failTask(ref: TaskRef, failure: TaskFailure, deps: SettleDeps): Promise<void> {
  logSetback(await deps.records.fail(ref, failure, deps.decide), deps.log);
}

/** Handed back undone: no attempt is used up, and the next worker may have it at once. */
export async function returnTask(ref: TaskRef, deps: SettleDeps): Promise<void> {
  await deps.records.giveBack(ref);
  deps.log.info('task_returned', { taskId: ref.taskId, attempt: ref.token });
  deps.bells.work.ring();
}

export function logSetback({ outcome, failure, ...ids }: Setback, log: Log<LogEvent>): void {
  const { code, message } = failure;
  if (outcome === 'paused') log.warn('task_paused', { ...ids, code, message });
  else log.warn('task_failed', { ...ids, outcome, ...failure });
  if (outcome !== 'dead') return;
  log.error('task_dead', { ...ids, code });
  log.error('job_failed', { videoId: ids.videoId, jobId: ids.jobId, code, message });
}
