import { DomainError } from '../domain/errors.ts';
import type { JobRecords, Setback, TaskRef } from '../domain/job-records.ts';
import type { LogEvent } from '../domain/log-events.ts';
import type { SourceFacts, TaskFailure, TaskResult } from '../domain/tasks.ts';
import type { Bell } from '../lib/bell.ts';
import type { Log } from '../lib/log.ts';
import { planVideo } from './plan-video.ts';
import { afterFailure } from './retry-policy.ts';

export type SettleDeps = {
  readonly records: Pick<JobRecords, 'taskOf' | 'complete' | 'completeProbe' | 'fail' | 'giveBack' | 'takeFromSilent'>;
  readonly bell: Bell;
  readonly log: Log<LogEvent>;
};

/** The attempt brought a result. */
export async function completeTask(ref: TaskRef, result: TaskResult, deps: SettleDeps): Promise<void> {
  const task = await deps.records.taskOf(ref);
  if (task.spec.kind === 'probe') await planOrFail({ ...task, ...ref }, result as SourceFacts, deps);
  else await deps.records.complete(ref, result);
  const { spec, ...ids } = task;
  deps.log.info('task_done', { ...ids, kind: spec.kind });
  deps.bell.ring();
}

type Task = Awaited<ReturnType<JobRecords['taskOf']>> & TaskRef;

async function planOrFail(task: Task, facts: SourceFacts, deps: SettleDeps): Promise<void> {
  const { spec: _, token: __, ...ids } = task;
  try {
    const plan = await planVideo(task, facts, deps.records);
    const rungs = plan.rungs.map((rung) => rung.rendition);
    deps.log.info('job_planned', { ...ids, rungs, chunks: plan.chunks.length, frames: plan.grid?.frames ?? 0 });
  } catch (error) {
    if (!(error instanceof DomainError) || error.code === 'lease_lost') throw error;
    await failTask(task, { code: error.code, message: error.message, retryable: false }, deps);
  }
}

/** The attempt ended without a result. */
export async function failTask(ref: TaskRef, failure: TaskFailure, deps: SettleDeps): Promise<void> {
  logSetback(await deps.records.fail(ref, failure, afterFailure), failure, deps.log);
  deps.bell.ring();
}

/** Handed back undone: no attempt is used up, and the next worker may have it at once. */
export async function returnTask(ref: TaskRef, deps: SettleDeps): Promise<void> {
  await deps.records.giveBack(ref);
  deps.log.info('task_returned', { taskId: ref.taskId });
  deps.bell.ring();
}

/** Whose holder fell silent, goes to the next. */
export async function takeFromSilent(deps: SettleDeps): Promise<boolean> {
  const setbacks = await deps.records.takeFromSilent(afterFailure);
  const silence = { code: 'lease_expired', message: 'the worker fell silent', retryable: true };
  for (const setback of setbacks) {
    const { outcome: _, ...fields } = setback;
    deps.log.warn('lease_expired', fields);
    if (setback.outcome === 'dead') logSetback(setback, silence, deps.log);
  }
  if (setbacks.length > 0) deps.bell.ring();
  return false;
}

function logSetback(setback: Setback, failure: TaskFailure, log: Log<LogEvent>): void {
  const { outcome, ...fields } = setback;
  log.warn('task_failed', { ...fields, outcome, ...failure });
  if (outcome !== 'dead') return;
  log.error('task_dead', { ...fields, code: failure.code });
  log.error('job_failed', {
    videoId: setback.videoId,
    jobId: setback.jobId,
    code: failure.code,
    message: failure.message,
  });
}
