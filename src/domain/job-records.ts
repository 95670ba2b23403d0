import type { JobId, TaskId, VideoId } from './ids.ts';
import type { JobPlan, LentTask, StoredRendition, TaskFailure, TaskKind, TaskResult, TaskSpec } from './tasks.ts';
import type { RenditionResource } from './video-resource.ts';

/** Names one grant of one task: a former holder's token no longer matches. */
export type TaskRef = { readonly taskId: TaskId; readonly token: number };

/** `work` is for workers, `publish` for the orchestrator itself. */
export type Queue = 'work' | 'publish';

export type PlannedTask = {
  readonly spec: TaskSpec;
  /** Higher goes first, across all videos. */
  readonly priority: number;
};

export type StartedJob = { readonly jobId: JobId; readonly videoId: VideoId; readonly generation: number };
export type HeldTask = Pick<LentTask, 'taskId' | 'jobId' | 'videoId' | 'attempt' | 'spec'>;
export type AfterFailure = 'retry' | 'dead';
/** What a failure or a silence led to. */
export type Setback = {
  readonly taskId: TaskId;
  readonly jobId: JobId;
  readonly videoId: VideoId;
  readonly kind: TaskKind;
  readonly attempt: number;
  readonly worker: string | null;
  readonly outcome: AfterFailure;
};
export type Decide = (failures: number) => AfterFailure;

/** Everything a publisher needs to know of a job whose other tasks are done. */
export type FinishedWork = { readonly plan: JobPlan; readonly renditions: readonly StoredRendition[] };

/**
 * The durable memory of jobs and tasks, as the orchestrator needs it. Every method is one transaction: a state and
 * what follows from it change together or not at all. Settling methods throw DomainError lease_lost to a holder whose
 * grant has ended.
 */
export interface JobRecords {
  /** Queued jobs become running, each with its probe task. */
  startQueuedJobs(limit: number): Promise<StartedJob[]>;
  lend(queue: Queue, worker: string): Promise<LentTask | undefined>;
  renew(ref: TaskRef): Promise<void>;
  /** @throws DomainError lease_lost when nobody holds it. */
  taskOf(ref: TaskRef): Promise<HeldTask>;
  /** The probe is done: its job gets a plan and the tasks that carry it out, and a publish task after them all. */
  completeProbe(ref: TaskRef, plan: JobPlan, tasks: readonly PlannedTask[]): Promise<void>;
  complete(ref: TaskRef, result: TaskResult): Promise<void>;
  /** A dead task fails its job and cancels what is left of it. */
  fail(ref: TaskRef, failure: TaskFailure, decide: Decide): Promise<Setback>;
  giveBack(ref: TaskRef): Promise<void>;
  /** Tasks whose holder fell silent go to the next one. */
  takeFromSilent(decide: Decide): Promise<Setback[]>;
  finishedWork(jobId: JobId): Promise<FinishedWork>;
  /** Whether the video was deleted. */
  isDeleted(videoId: VideoId): Promise<boolean>;
  /** The job succeeded: what was published is what the video offers from now on. */
  completePublish(ref: TaskRef, renditions: readonly RenditionResource[]): Promise<void>;
}
