import type { HeldTask, JobRecords, TaskRef } from '../domain/job-records.ts';
import { planJob } from '../domain/plan-job.ts';
import { tasksOf } from '../domain/task-order.ts';
import type { JobPlan, SourceFacts } from '../domain/tasks.ts';

/**
 * A probe is done: decides what is made of the video and puts the tasks for it into the line.
 * @throws DomainError not_a_video, source_unsupported: nothing can be made of it.
 */
export async function planVideo(
  task: Pick<HeldTask, 'spec' | 'ladder'> & TaskRef,
  facts: SourceFacts,
  records: Pick<JobRecords, 'completeProbe'>,
): Promise<JobPlan> {
  const plan = planJob(facts, task.ladder);
  await records.completeProbe(task, plan, tasksOf(plan, task.spec.source, task.spec.generation));
  return plan;
}
