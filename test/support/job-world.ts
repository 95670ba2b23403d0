import { randomBytes, randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { createJobRecords } from '../../src/adapters/job-records.ts';
import { openTaskQueue, type TaskQueue } from '../../src/adapters/pg-boss-queue.ts';
import type { Database } from '../../src/adapters/postgres.ts';
import { createVideoRecords } from '../../src/adapters/video-records.ts';
import { type ContentId, shortIdFrom, type TaskId, type VideoId } from '../../src/domain/ids.ts';
import type { Decide, JobRecords } from '../../src/domain/job-records.ts';
import { planJob } from '../../src/domain/plan-job.ts';
import type { VideoRecords } from '../../src/domain/ports.ts';
import type { EncodeResult, JobPlan, LentTask, SourceFacts } from '../../src/domain/tasks.ts';
import { tasksOf } from '../../src/orchestrate/plan-video.ts';
import { afterFailure } from '../../src/orchestrate/retry-policy.ts';
import { startDatabase } from './database.ts';
import { eventually } from './eventually.ts';

/** The least that pg-boss takes. No test waits for it: see {@link JobWorld.silence}. */
const LEASE_SECONDS = 10;
const CRASH = { code: 'ffmpeg_failed', message: 'ffmpeg ended with 1', tail: 'Invalid data', retryable: true };

/** Two orchestrators and an upload-api on one real PostgreSQL, and short words for what happens between them. */
export class JobWorld {
  readonly db: Database;
  readonly url: string;
  readonly videos: VideoRecords;
  readonly one: JobRecords;
  readonly other: JobRecords;
  readonly queue: TaskQueue;
  readonly #owned: AsyncDisposableStack;

  private constructor(db: Database, url: string, queues: readonly [TaskQueue, TaskQueue], owned: AsyncDisposableStack) {
    const leaseMs = LEASE_SECONDS * 1000;
    this.db = db;
    this.url = url;
    this.videos = createVideoRecords(db);
    this.queue = queues[0];
    this.one = createJobRecords({ db, queue: queues[0], leaseMs });
    this.other = createJobRecords({ db, queue: queues[1], leaseMs });
    this.#owned = owned;
  }

  static async open(): Promise<JobWorld> {
    const owned = new AsyncDisposableStack();
    const { db, url } = owned.use(await startDatabase());
    const openQueue = async (): Promise<TaskQueue> => {
      const queue = await openTaskQueue({ databaseUrl: url, leaseSeconds: LEASE_SECONDS, onError: console.error });
      owned.defer(() => queue.stop());
      return queue;
    };
    return new JobWorld(db, url, [await openQueue(), await openQueue()], owned);
  }

  close(): Promise<void> {
    return this.#owned.disposeAsync();
  }

  /** Forgets everything, so that one test's tasks are not lent to the next. */
  async empty(): Promise<void> {
    await sql`truncate videos, jobs, tasks, renditions, source_parts, events cascade`.execute(this.db);
    await sql`delete from pgboss.job_dependency`.execute(this.db);
    await sql`delete from pgboss.job`.execute(this.db);
  }

  /** A video whose upload has ended, so that a job is queued for it. */
  async uploaded(contentId = newContentId()): Promise<VideoId> {
    const videoId = newVideoId();
    await this.videos.startUpload({ videoId, filename: 'a clip.mp4', contentType: 'video/mp4' });
    const parts = [{ sizeBytes: 1000, sha256: 'ab'.repeat(32) }];
    return (await this.videos.finishUpload({ videoId, contentId, parts })).videoId;
  }

  /** A video whose probe is lent. */
  async probing(): Promise<LentTask> {
    const videoId = await this.uploaded();
    await this.one.startQueuedJobs(100);
    const task = await this.lend();
    if (task.videoId !== videoId || task.spec.kind !== 'probe') throw new Error('another task was lent');
    return task;
  }

  /** A video that is planned, with all its chunks queued. */
  async planned(seconds = 30): Promise<{ videoId: VideoId; plan: JobPlan; probe: LentTask }> {
    const probe = await this.probing();
    return { videoId: probe.videoId, plan: await this.planFrom(probe, seconds), probe };
  }

  async planFrom(probe: LentTask, seconds = 30): Promise<JobPlan> {
    const plan = planJob(factsOf(seconds));
    await this.one.completeProbe(probe, plan, tasksOf(plan, probe.spec.source, probe.spec.generation));
    return plan;
  }

  async lend(worker = 'worker-1', records = this.one): Promise<LentTask> {
    const task = await records.lend('work', worker);
    if (!task) throw new Error('there was no task to lend');
    return task;
  }

  /** Does every task that is left but publish. */
  async finishWork(): Promise<void> {
    for (let task = await this.one.lend('work', 'worker-1'); task; task = await this.one.lend('work', 'worker-1'))
      await this.one.complete(task, resultOf(task));
  }

  fail(task: LentTask, decide: Decide = afterFailure) {
    return this.one.fail(task, CRASH, decide);
  }

  /** Makes the holder look as if it had been silent for longer than its lease, and waits until pg-boss saw it. */
  async silence({ taskId }: LentTask): Promise<void> {
    await this.ageLease(taskId, 3_600);
    await eventually('the lease has expired', async () => (await this.queueState(taskId)) === 'retry');
  }

  async ageLease(taskId: TaskId, seconds: number): Promise<void> {
    const by = `${seconds} seconds`;
    await sql`update pgboss.job set heartbeat_on = heartbeat_on - ${by}::interval where id = ${taskId}`.execute(
      this.db,
    );
  }

  /** Lets a backoff pass at once. */
  async skipBackoff(taskId: TaskId): Promise<void> {
    await sql`update pgboss.job set start_after = now() where id = ${taskId}`.execute(this.db);
  }

  async queueState(taskId: TaskId): Promise<string | undefined> {
    const { rows } = await sql<{ state: string }>`select state from pgboss.job where id = ${taskId}`.execute(this.db);
    return rows[0]?.state;
  }

  /** When the holder was last heard of. */
  async heartbeat(taskId: TaskId): Promise<Date> {
    const { rows } = await sql<{ at: Date }>`select heartbeat_on as at from pgboss.job where id = ${taskId}`.execute(
      this.db,
    );
    return rows[0]?.at ?? new Date(0);
  }

  task(taskId: TaskId) {
    return this.db.selectFrom('tasks').selectAll().where('id', '=', taskId).executeTakeFirst();
  }

  async transitions(videoId: VideoId): Promise<string[]> {
    const rows = await this.db.selectFrom('events').selectAll().where('video_id', '=', videoId).orderBy('id').execute();
    return rows.map((row) => `${row.subject} ${row.from_state ?? ''}>${row.to_state}`);
  }
}

export const newVideoId = (): VideoId => shortIdFrom(randomBytes(10)) as VideoId;
export const newContentId = (): ContentId => randomUUID().replaceAll('-', '').repeat(2) as ContentId;

export function factsOf(seconds: number): SourceFacts {
  const frameRate = { numerator: 25, denominator: 1 };
  const common = { codec: 'h264', streamIndex: 0, startSeconds: '0.000000' };
  const size = { widthPx: 640, heightPx: 360, interlaced: false, squarePixels: true, keyframeIntervalSeconds: 2 };
  const video = { ...common, ...size, frameRate, frames: seconds * 25 };
  const sound = { codec: 'aac', streamIndex: 1, startSeconds: '0.000000', channels: 2, sampleRateHz: 48_000 };
  return { container: 'mov', durationSeconds: seconds, video, audio: [{ ...sound, durationSeconds: seconds }] };
}

/** What a worker would answer, near enough for the records, which do not look inside. */
export function resultOf({ spec }: LentTask): EncodeResult {
  const names = spec.kind === 'encode' ? spec.rungs.map((rung) => rung.rendition) : ['a-und'];
  const first = spec.kind === 'encode' ? spec.chunk.firstSegment : 0;
  const segments = [{ segment: first, sizeBytes: 1000, durationTicks: 1000 }];
  const init = { initSha256: 'cd'.repeat(32), initSizeBytes: 700, codec: 'avc1.64001f', timescale: 10_000 };
  return { renditions: names.map((rendition) => ({ rendition, ...init, segments })) };
}
