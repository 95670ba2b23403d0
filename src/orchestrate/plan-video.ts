import type { HeldTask, JobRecords, TaskRef } from '../domain/job-records.ts';
import { codecLadder } from '../domain/ladder.ts';
import { planJob } from '../domain/plan-job.ts';
import { tasksAfterTrial, tasksOf } from '../domain/task-order.ts';
import type { JobPlan, Rung, SourceFacts, TrialResult, VideoCodec } from '../domain/tasks.ts';
import { titleLadder } from '../domain/title-ladder.ts';

export type LadderPolicy = {
  /** Fit the ladder to each video, after a trial; otherwise the standard one is taken. */
  readonly perTitle: boolean;
  /** Beside H.264, which every video gets. */
  readonly newerCodecs: readonly Exclude<VideoCodec, 'h264'>[];
};

/**
 * A probe is done: decides what is made of the video and puts the tasks for it into the line.
 * @throws DomainError not_a_video, source_unsupported: nothing can be made of it.
 */
export async function planVideo(
  task: Pick<HeldTask, 'spec' | 'ladder'> & TaskRef,
  facts: SourceFacts,
  policy: LadderPolicy,
  records: Pick<JobRecords, 'completeProbe'>,
): Promise<JobPlan> {
  const first = planJob(facts, task.ladder);
  // A ladder asked for by hand is meant as it is; of a single rung nothing can be left out.
  const trial = policy.perTitle && task.ladder === undefined && first.rungs.length > 1;
  const plan = trial ? { ...first, trial } : { ...first, rungs: inAllCodecs(first.rungs, policy) };
  await records.completeProbe(task, plan, tasksOf(plan, task.spec.source, task.spec.generation));
  return plan;
}

/**
 * A trial is done: chooses the ladder, but for the lowest rung, which is being made already. Of a trial that somebody
 * queued again by hand only the end counts: its ladder was chosen before, and the tasks of it stand in the line.
 */
export async function planLadder(
  task: Pick<HeldTask, 'spec' | 'jobId'> & TaskRef,
  trial: TrialResult,
  policy: LadderPolicy,
  records: Pick<JobRecords, 'complete' | 'completeTrial' | 'planOf'>,
): Promise<JobPlan> {
  const before = await records.planOf(task.jobId);
  if (!before.trial) {
    await records.complete(task, trial);
    return before;
  }
  const lowest = before.rungs.at(-1);
  const fitted = titleLadder(before.rungs, trial).map((rung) => (rung.rendition === lowest?.rendition ? lowest : rung));
  const plan = { ...before, trial: false, rungs: inAllCodecs(fitted, policy) };
  await records.completeTrial(task, trial, plan, tasksAfterTrial(plan, task.spec.source, task.spec.generation));
  return plan;
}

const inAllCodecs = (rungs: readonly Rung[], { newerCodecs }: LadderPolicy): Rung[] => [
  ...rungs,
  ...newerCodecs.flatMap((codec) => codecLadder(rungs, codec)),
];
