import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { DomainError } from '../domain/errors.ts';
import type { JobId, TaskId } from '../domain/ids.ts';
import type { HeldTask, JobRecords, PlannedTask, Queue, StartedJob, TaskRef } from '../domain/job-records.ts';
import type { EncodeResult, JobPlan, LentTask, StoredRendition, TaskResult } from '../domain/tasks.ts';
import type { RenditionResource } from '../domain/video-resource.ts';
import { queueOf, type TaskQueue } from './pg-boss-queue.ts';
import { type Database, json } from './postgres.ts';
import { failTask, takeFromSilent } from './task-setbacks.ts';
import { type LockedTask, lockTask, moveJob, moveTask, moveVideo, type Tx, writeEvent } from './transitions.ts';

export type JobRecordsDeps = { readonly db: Database; readonly queue: TaskQueue; readonly leaseMs: number };

/** Above every other task: nothing of a video can be planned before its probe. */
const PROBE_PRIORITY = 1_000_000;

/** Jobs and tasks in PostgreSQL, their leases in pg-boss, both changed in one transaction. */
export function createJobRecords(deps: JobRecordsDeps): JobRecords {
  const { db, queue } = deps;
  const inTransaction = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => db.transaction().execute(work);
  return {
    startQueuedJobs: (limit) => inTransaction((tx) => startQueuedJobs(tx, queue, limit)),
    lend: (name, worker) => lend(deps, name, worker),
    renew: async (ref) => {
      const task = await db
        .selectFrom('tasks')
        .select(['kind', 'state'])
        .where('id', '=', ref.taskId)
        .executeTakeFirst();
      // A task that was cancelled, or whose video was deleted, has no holder any more.
      if (task?.state !== 'leased' || !(await queue.renew(queueOf(task.kind), ref)))
        throw new DomainError('lease_lost');
    },
    taskOf: (ref) => taskOf(db, ref),
    completeProbe: (ref, plan, tasks) =>
      inTransaction(async (tx) => {
        const { jobId } = await finishTask(tx, queue, ref, plan.facts);
        await storePlan(tx, jobId, plan);
        await addTasks(tx, queue, jobId, tasks);
      }),
    complete: async (ref, result) => {
      await inTransaction((tx) => finishTask(tx, queue, ref, result));
      await queue.releaseDependents();
    },
    fail: (ref, failure, decide) => inTransaction((tx) => failTask(tx, queue, ref, failure, decide)),
    giveBack: (ref) =>
      inTransaction(async (tx) => {
        const { kind } = await heldTask(tx, ref);
        if (!(await moveTask(tx, ref.taskId, 'queued', { reason: 'handed back' }))) throw new DomainError('lease_lost');
        if (!(await queue.giveBack(tx, queueOf(kind), ref))) throw new DomainError('lease_lost');
      }),
    takeFromSilent: (decide) => takeFromSilent(db, queue, decide),
    finishedWork: (jobId) => finishedWork(db, jobId),
    isDeleted: async (videoId) => {
      const row = await db.selectFrom('videos').select('id').where('id', '=', videoId).executeTakeFirst();
      return row === undefined;
    },
    completePublish: (ref, renditions) => inTransaction((tx) => completePublish(tx, queue, ref, renditions)),
  };
}

async function startQueuedJobs(tx: Tx, queue: TaskQueue, limit: number): Promise<StartedJob[]> {
  const queued = await tx
    .selectFrom('jobs')
    .innerJoin('videos', 'videos.id', 'jobs.video_id')
    .select(['jobs.id as jobId', 'jobs.video_id as videoId', 'jobs.generation', 'videos.size_bytes'])
    .where('jobs.state', '=', 'queued')
    .orderBy('jobs.created_at')
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .execute();
  for (const { jobId, videoId, generation, size_bytes } of queued) {
    await moveVideo(tx, videoId, 'processing');
    await tx.updateTable('videos').set({ error_code: null, error_message: null }).where('id', '=', videoId).execute();
    await moveJob(tx, jobId, 'running');
    const source = { videoId, sizeBytes: size_bytes ?? 0 };
    await addTasks(tx, queue, jobId, [{ spec: { kind: 'probe', source, generation }, priority: PROBE_PRIORITY }]);
  }
  return queued.map(({ jobId, videoId, generation }) => ({ jobId, videoId, generation }));
}

/** Inserts tasks; one of kind publish waits for all the others given with it. */
async function addTasks(tx: Tx, queue: TaskQueue, jobId: JobId, planned: readonly PlannedTask[]): Promise<void> {
  const tasks = planned.map((task) => ({ ...task, taskId: randomUUID() as TaskId }));
  const rows = tasks.map(({ taskId, spec }) => ({ id: taskId, video_id: spec.source.videoId, kind: spec.kind, spec }));
  await sql`
    insert into tasks (id, job_id, video_id, kind, spec, state)
    select id, ${jobId}, video_id, kind, spec, 'queued'
    from jsonb_to_recordset(${json(rows)}::jsonb) as t (id uuid, video_id text, kind text, spec jsonb)
  `.execute(tx);
  for (const { taskId, spec } of tasks) {
    const of = { subject: 'task', video_id: spec.source.videoId, job_id: jobId, task_id: taskId } as const;
    await writeEvent(tx, { ...of, from_state: null, to_state: 'queued' }, { reason: spec.kind });
  }
  const before = tasks.filter(({ spec }) => spec.kind !== 'publish').map(({ taskId }) => taskId);
  await queue.enqueue(
    tx,
    tasks.map(({ taskId, spec, priority }) => ({
      taskId,
      queue: queueOf(spec.kind),
      priority,
      dependsOn: spec.kind === 'publish' ? before : [],
    })),
  );
}

async function lend(deps: JobRecordsDeps, name: Queue, worker: string): Promise<LentTask | undefined> {
  for (let grant = await deps.queue.grant(name); grant; grant = await deps.queue.grant(name)) {
    const task = await lendGranted(deps, name, grant, worker);
    // What is left of a deleted video stands in the queue still: it must not hold up what comes after it.
    if (task) return task;
  }
  return undefined;
}

async function lendGranted({ db, queue, leaseMs }: JobRecordsDeps, name: Queue, grant: TaskRef, worker: string) {
  return db.transaction().execute(async (tx): Promise<LentTask | undefined> => {
    const attempt = grant.token + 1;
    await countUnseenSilence(tx, grant.taskId);
    const isOurs = await moveTask(tx, grant.taskId, 'leased', { attempt, worker });
    // The video was deleted or its job ended while the task waited in the queue.
    if (!isOurs) return void (await queue.cancel(tx, name, [grant.taskId]));
    const task = await tx
      .updateTable('tasks')
      .set({ attempt, worker, started_at: new Date() })
      .where('id', '=', grant.taskId)
      .returning(['job_id', 'video_id', 'spec'])
      .executeTakeFirstOrThrow();
    const { job_id: jobId, video_id: videoId, spec } = task;
    return { taskId: grant.taskId, jobId, videoId, attempt, token: grant.token, leaseMs, spec };
  });
}

/** pg-boss granted again what by our row is still held: its holder fell silent, and nobody has looked since. */
async function countUnseenSilence(tx: Tx, taskId: TaskId): Promise<void> {
  await tx
    .updateTable('tasks')
    .set((eb) => ({ failures: eb('failures', '+', 1), error_code: 'lease_expired' }))
    .where('id', '=', taskId)
    .where('state', '=', 'leased')
    .execute();
}

async function taskOf(db: Database, { taskId }: TaskRef): Promise<HeldTask> {
  const task = await db
    .selectFrom('tasks')
    .select(['id as taskId', 'job_id as jobId', 'video_id as videoId', 'attempt', 'spec'])
    .where('id', '=', taskId)
    .where('state', '=', 'leased')
    .executeTakeFirst();
  if (!task) throw new DomainError('lease_lost');
  return task;
}

async function heldTask(tx: Tx, { taskId }: TaskRef): Promise<LockedTask> {
  const task = await lockTask(tx, taskId);
  if (task?.state !== 'leased') throw new DomainError('lease_lost');
  return task;
}

async function finishTask(tx: Tx, queue: TaskQueue, ref: TaskRef, result: TaskResult) {
  const task = await heldTask(tx, ref);
  await moveTask(tx, ref.taskId, 'done');
  await tx
    .updateTable('tasks')
    .set({ result: json(result) })
    .where('id', '=', ref.taskId)
    .execute();
  if (!(await queue.complete(tx, queueOf(task.kind), ref))) throw new DomainError('lease_lost');
  return task;
}

async function storePlan(tx: Tx, jobId: JobId, plan: JobPlan): Promise<void> {
  const { video_id } = await tx
    .updateTable('jobs')
    .set({ plan: json(plan) })
    .where('id', '=', jobId)
    .returning('video_id')
    .executeTakeFirstOrThrow();
  const { durationSeconds, video } = plan.facts;
  await tx
    .updateTable('videos')
    .set({
      duration_seconds: durationSeconds,
      width_px: video?.widthPx ?? null,
      height_px: video?.heightPx ?? null,
      frame_rate: video ? video.frameRate.numerator / video.frameRate.denominator : null,
    })
    .where('id', '=', video_id)
    .execute();
}

async function finishedWork(db: Database, jobId: JobId) {
  const job = await db.selectFrom('jobs').select('plan').where('id', '=', jobId).executeTakeFirstOrThrow();
  if (!job.plan) throw new Error(`job ${jobId} has no plan`);
  const tasks = await db
    .selectFrom('tasks')
    .select('result')
    .where('job_id', '=', jobId)
    .where('kind', 'in', ['encode', 'audio'])
    .where('state', '=', 'done')
    .execute();
  const renditions = tasks.flatMap(({ result }): readonly StoredRendition[] => (result as EncodeResult).renditions);
  return { plan: job.plan, renditions };
}

async function completePublish(tx: Tx, queue: TaskQueue, ref: TaskRef, renditions: readonly RenditionResource[]) {
  const { jobId, videoId } = await finishTask(tx, queue, ref, {});
  const { generation } = await tx
    .selectFrom('jobs')
    .select('generation')
    .where('id', '=', jobId)
    .executeTakeFirstOrThrow();
  for (const rendition of renditions) {
    const { name, kind, codec, widthPx, heightPx, frameRate, bandwidthBps, averageBandwidthBps } = rendition;
    await tx
      .insertInto('renditions')
      .values({
        video_id: videoId,
        generation,
        name,
        kind,
        codec,
        width_px: widthPx,
        height_px: heightPx,
        frame_rate: frameRate,
        bandwidth_bps: bandwidthBps,
        average_bandwidth_bps: averageBandwidthBps,
      })
      .execute();
  }
  await moveJob(tx, jobId, 'succeeded');
  await moveVideo(tx, videoId, 'ready');
  await tx.updateTable('videos').set({ published_generation: generation }).where('id', '=', videoId).execute();
}
