import { sql } from 'kysely';
import { createJobControl } from '../../src/adapters/job-control.ts';
import { DomainError } from '../../src/domain/errors.ts';
import type { JobId, TaskId, VideoId } from '../../src/domain/ids.ts';
import { JOB_STATES, TASK_STATES } from '../../src/domain/states.ts';
import { despiteOutages } from './despite-outages.ts';
import type { Stack } from './stack.ts';
import type { Edit } from './story.ts';

/** Changes rows of a video as somebody with psql would: without an event, a lock or a look at what follows from it. */
export async function editRows(
  { db }: Stack,
  videoId: VideoId,
  { edit, chance }: { readonly edit: Edit; readonly chance: number },
): Promise<void> {
  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(chance * from.length)];
  await despiteOutages(async () => {
    const tasks = await db.selectFrom('tasks').select('id').where('video_id', '=', videoId).orderBy('id').execute();
    const taskId = pick(tasks)?.id ?? ('00000000-0000-4000-8000-000000000000' as TaskId);
    await EDITS_IN_SQL[edit]({ videoId, taskId, pick }).execute(db);
  });
}

type Target = { videoId: VideoId; taskId: TaskId; pick: <T>(from: readonly T[]) => T | undefined };

const EDITS_IN_SQL: Readonly<Record<Edit, (target: Target) => ReturnType<typeof sql>>> = {
  video_state: ({ videoId, pick }) =>
    sql`update videos set state = ${pick(['uploaded', 'processing', 'ready', 'failed'])} where id = ${videoId}`,
  job_state: ({ videoId, pick }) => sql`update jobs set state = ${pick(JOB_STATES)} where video_id = ${videoId}`,
  task_state: ({ taskId, pick }) => sql`update tasks set state = ${pick(TASK_STATES)} where id = ${taskId}`,
  task_deleted: ({ taskId }) => sql`delete from tasks where id = ${taskId}`,
  all_tasks_deleted: ({ videoId }) => sql`delete from tasks where video_id = ${videoId}`,
  lease_for_ever: ({ taskId }) => sql`
    update tasks set state = 'leased', lease_until = now() + interval '10 years' where id = ${taskId} and state <> 'done'`,
  never_due: ({ videoId }) => sql`
    update tasks set not_before = now() + interval '10 years' where video_id = ${videoId} and state = 'queued'`,
  publish_blocked: ({ videoId }) => sql`
    update tasks set blocked = true where video_id = ${videoId} and kind = 'publish'`,
};

export function cancelLatestJob(stack: Stack, videoId: VideoId): Promise<void> {
  return control(stack, videoId, (jobId) => createJobControl(stack.db).cancelJob(jobId, 'cancelled by a test'));
}

export function retryLatestJob(stack: Stack, videoId: VideoId): Promise<void> {
  return control(stack, videoId, (jobId) => createJobControl(stack.db).retryJob(jobId));
}

/** A refusal is an answer, too: what was asked for had become impossible meanwhile. */
async function control(stack: Stack, videoId: VideoId, act: (jobId: JobId) => Promise<unknown>): Promise<void> {
  await despiteOutages(async () => {
    const job = await stack.db
      .selectFrom('jobs')
      .select('id')
      .where('video_id', '=', videoId)
      .orderBy('generation', 'desc')
      .executeTakeFirstOrThrow();
    try {
      await act(job.id);
    } catch (error) {
      if (!(error instanceof DomainError) || error.kind !== 'conflict') throw error;
    }
  });
}
