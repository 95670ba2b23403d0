import type { JobRecords, PlannedTask, TaskRef } from '../domain/job-records.ts';
import { planJob } from '../domain/plan-job.ts';
import type { SourceRef } from '../domain/source.ts';
import type { JobPlan, LentTask, SourceFacts } from '../domain/tasks.ts';

/**
 * A probe is done: decides what is made of the video and puts the tasks for it into the queue.
 * @throws DomainError not_a_video, source_unsupported: nothing can be made of it.
 */
export async function planVideo(
  task: Pick<LentTask, 'spec'> & TaskRef,
  facts: SourceFacts,
  records: Pick<JobRecords, 'completeProbe'>,
): Promise<JobPlan> {
  const plan = planJob(facts);
  await records.completeProbe(task, plan, tasksOf(plan, task.spec.source, task.spec.generation));
  return plan;
}

/** Chunks count down from here, so that the first ones of every video go before the later ones of any. */
const FIRST_CHUNK_PRIORITY = 100_000;
const AUDIO_PRIORITY = FIRST_CHUNK_PRIORITY + 1;
const PUBLISH_PRIORITY = 0;

/** The tasks that carry out a plan; the last one, publish, waits for all the others. */
export function tasksOf(plan: JobPlan, source: SourceRef, generation: number): PlannedTask[] {
  const { facts, grid, rungs } = plan;
  const { video: track } = facts;
  const encode = plan.chunks.flatMap((chunk): PlannedTask[] => {
    if (!track || !grid) return [];
    const spec = { kind: 'encode', source, generation, track, grid, rungs, chunk } as const;
    return [{ spec, priority: Math.max(1, FIRST_CHUNK_PRIORITY - chunk.chunk) }];
  });
  const audio = plan.audio.map((audioPlan): PlannedTask => {
    return { spec: { kind: 'audio', source, generation, plan: audioPlan }, priority: AUDIO_PRIORITY };
  });
  return [...audio, ...encode, { spec: { kind: 'publish', source, generation }, priority: PUBLISH_PRIORITY }];
}
