import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { createJobControl } from '../../src/adapters/job-control.ts';
import { createJobRecords } from '../../src/adapters/job-records.ts';
import type { Database } from '../../src/adapters/postgres.ts';
import { createVideoRecords } from '../../src/adapters/video-records.ts';
import { createWorkerRecords } from '../../src/adapters/worker-records.ts';
import { type ContentId, shortIdFrom, type TaskId, type VideoId } from '../../src/domain/ids.ts';
import type { Decide, Holder, JobControl, JobRecords, Queue, WorkerRecords } from '../../src/domain/job-records.ts';
import { planJob } from '../../src/domain/plan-job.ts';
import type { VideoRecords, WorkerInfo } from '../../src/domain/ports.ts';
import { tasksOf } from '../../src/domain/task-order.ts';
import type { EncodeResult, JobPlan, LentTask, SourceFacts } from '../../src/domain/tasks.ts';
import { retryPolicy } from '../../src/orchestrate/retry-policy.ts';
import { startDatabase } from './database.ts';

export const LEASE_MS = 10_000;
const CRASH = {
  code: 'ffmpeg_failed',
  message: 'ffmpeg ended with 1',
  tail: 'Invalid data',
  cause: 'attempt',
} as const;
/** The longest pause each time, so that a test can tell that there was one. */
export const decide = retryPolicy(() => 1);

/** Two orchestrators and an upload-api on one real PostgreSQL, and short words for what happens between them. */
export class JobWorld {
  readonly db: Database;
  readonly url: string;
  readonly videos: VideoRecords;
  readonly one: JobRecords;
  readonly other: JobRecords;
  readonly control: JobControl;
  readonly workers: WorkerRecords;
  readonly #owned: AsyncDisposableStack;

  private constructor(db: Database, url: string, owned: AsyncDisposableStack) {
    this.db = db;
    this.url = url;
    this.videos = createVideoRecords(db);
    this.one = createJobRecords({ db, leaseMs: LEASE_MS });
    this.other = createJobRecords({ db, leaseMs: LEASE_MS });
    this.control = createJobControl(db);
    this.workers = createWorkerRecords(db);
    this.#owned = owned;
  }

  static async open(): Promise<JobWorld> {
    const owned = new AsyncDisposableStack();
    const { db, url } = owned.use(await startDatabase());
    return new JobWorld(db, url, owned);
  }

  close(): Promise<void> {
    return this.#owned.disposeAsync();
  }

  /** Forgets everything, so that one test's tasks are not lent to the next. */
  async empty(): Promise<void> {
    await sql`truncate videos, jobs, tasks, renditions, source_parts, events, workers cascade`.execute(this.db);
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
    const task = await this.tryLend(worker, 'work', records);
    if (!task) throw new Error('there was no task to lend');
    return task;
  }

  async tryLend(worker = 'worker-1', queue: Queue = 'work', records = this.one): Promise<LentTask | undefined> {
    const [task] = await records.lend(queue, [holderOf(worker)]);
    return task;
  }

  /** Does every task that is left but publish. */
  async finishWork(): Promise<void> {
    for (let task = await this.tryLend(); task; task = await this.tryLend())
      await this.one.complete(task, resultOf(task));
  }

  fail(task: LentTask, by: Decide = decide) {
    return this.one.fail(task, CRASH, by);
  }

  /** Makes the holder look as if it had been silent for longer than its lease. */
  silence({ taskId }: LentTask): Promise<void> {
    return this.ageLease(taskId, 3_600);
  }

  async ageLease(taskId: TaskId, seconds: number): Promise<void> {
    const by = `${seconds} seconds`;
    await sql`update tasks set lease_until = lease_until - ${by}::interval where id = ${taskId}`.execute(this.db);
  }

  /** Lets pauses pass at once, and forgets which workers were lost. */
  async skipBackoff(taskId: TaskId): Promise<void> {
    await sql`
      update tasks set not_before = clock_timestamp(), shun_until = null where id = ${taskId}
    `.execute(this.db);
  }

  /** How long the lease still runs, by the database's clock. */
  async leaseMsLeft(taskId: TaskId): Promise<number> {
    const { rows } = await sql<{ ms: number }>`
      select (extract(epoch from lease_until - clock_timestamp()) * 1000)::float8 as ms from tasks where id = ${taskId}
    `.execute(this.db);
    return rows[0]?.ms ?? 0;
  }

  task(taskId: TaskId) {
    return this.db.selectFrom('tasks').selectAll().where('id', '=', taskId).executeTakeFirst();
  }

  async transitions(videoId: VideoId): Promise<string[]> {
    const rows = await this.db.selectFrom('events').selectAll().where('video_id', '=', videoId).orderBy('id').execute();
    return rows.map((row) => `${row.subject} ${row.from_state ?? ''}>${row.to_state}`);
  }
}

/** The same session each time for the same name. */
export const holderOf = (worker: string): Holder => ({
  worker,
  session: sessionOf(worker),
  memoryMib: 16_384,
  encoders: ['aac', 'libx264'],
});

export const workerOf = (worker: string): WorkerInfo => ({ ...holderOf(worker), version: '1.0.0', cores: 1 });

function sessionOf(worker: string): string {
  const hex = createHash('sha256').update(worker).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
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
