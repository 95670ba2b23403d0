import type { Captions } from './captions.ts';
import type { JobId, TaskId, VideoId } from './ids.ts';
import type { WorkerInfo } from './ports.ts';
import type {
  JobPlan,
  LentTask,
  StoredRendition,
  TaskFailure,
  TaskKind,
  TaskNeeds,
  TaskResult,
  TaskSpec,
  TextResult,
  TrialResult,
} from './tasks.ts';
import type { RenditionResource } from './video-resource.ts';

/** Names one grant of one task: a former holder's token no longer matches. */
export type TaskRef = { readonly taskId: TaskId; readonly token: number };

/** `work` is for workers, `publish` for the orchestrator itself. */
export type Queue = 'work' | 'publish';

export type PlannedTask = {
  readonly spec: TaskSpec;
  /**
   * Its place in the line, in seconds (task-order.ts); earlier ones go first, across all videos. Below zero it is
   * urgent and counts from now; otherwise from where the line stands now, so that a short video gets its share of a
   * line that is far behind, and nobody waits for ever.
   */
  readonly dueSeconds: number;
  readonly needs: TaskNeeds;
};

/** Who asks for a task. Orchestrators ask in their own name for what they publish. */
export type Holder = Pick<WorkerInfo, 'worker' | 'session' | 'memoryMib' | 'encoders'>;

export type StartedJob = { readonly jobId: JobId; readonly videoId: VideoId; readonly generation: number };
export type HeldTask = Pick<LentTask, 'taskId' | 'jobId' | 'videoId' | 'attempt' | 'spec'> & {
  /** The rungs that its job was asked for, by their shorter sides. */
  readonly ladder?: readonly number[];
};
/** `paused`: tried again, without having used up an attempt. */
export type AfterFailure = 'retry' | 'paused' | 'dead';
/** What a failure or a silence led to. */
export type Setback = {
  readonly taskId: TaskId;
  readonly jobId: JobId;
  readonly videoId: VideoId;
  readonly kind: TaskKind;
  readonly attempt: number;
  readonly worker: string | null;
  readonly outcome: AfterFailure;
  /** Until the next attempt may begin. */
  readonly delayMs: number;
  readonly failure: TaskFailure;
};

/** What a task has been through before this setback. */
export type TaskHistory = {
  /** Attempts that failed, or whose worker was lost. */
  readonly failures: number;
  /** How often it had to wait for the object store, in a row. */
  readonly pauses: number;
  /** Names of the workers that died or fell silent with it, oldest first. */
  readonly lostWorkers: readonly string[];
};
export type Verdict = {
  readonly outcome: AfterFailure;
  readonly delayMs: number;
  /** For how long the lost worker does not get this task again. */
  readonly shunMs?: number;
  /** What is told in place of the failure itself. */
  readonly instead?: Pick<TaskFailure, 'code' | 'message'>;
};
export type Decide = (history: TaskHistory, failure: TaskFailure) => Verdict;

/** Something that no transition explains, and what was done about it. */
export type Repair = {
  readonly videoId: VideoId;
  readonly jobId?: JobId;
  readonly taskId?: TaskId;
  readonly found: string;
  readonly done: string;
};

/** Everything a publisher needs to know of a job whose other tasks are done. */
export type FinishedWork = {
  readonly plan: JobPlan;
  readonly renditions: readonly StoredRendition[];
  readonly captions: readonly Captions[];
};

/**
 * The durable memory of jobs and tasks, as the orchestrator needs it. Every method is one transaction: a state and
 * what follows from it change together or not at all. Settling methods throw DomainError lease_lost to a holder whose
 * grant has ended.
 */
export interface JobRecords {
  /** Queued jobs become running: new ones with a probe task, retried ones with what was left of them. */
  startQueuedJobs(limit: number): Promise<StartedJob[]>;
  /**
   * The tasks that are first in line of those that fit, one for each holder as far as they go. All holders state the
   * same memory and encoders: the first one's count.
   */
  lend(queue: Queue, holders: readonly Holder[]): Promise<(LentTask | undefined)[]>;
  renew(ref: TaskRef): Promise<void>;
  /** @throws DomainError lease_lost when nobody holds it. */
  taskOf(ref: TaskRef): Promise<HeldTask>;
  /** The probe is done: its job gets a plan and the tasks that carry it out, and a publish task after them all. */
  completeProbe(ref: TaskRef, plan: JobPlan, tasks: readonly PlannedTask[]): Promise<void>;
  /** The trial is done: its job's plan gets its final ladder, and the tasks that this adds. */
  completeTrial(ref: TaskRef, trial: TrialResult, plan: JobPlan, tasks: readonly PlannedTask[]): Promise<void>;
  planOf(jobId: JobId): Promise<JobPlan>;
  /** The captions of the file itself are the video's, but where somebody has uploaded better ones. True as for `complete`. */
  completeText(ref: TaskRef, result: TextResult): Promise<boolean>;
  /** True when the job's publish task is ready by that. */
  complete(ref: TaskRef, result: TaskResult): Promise<boolean>;
  /** A dead task fails its job and cancels what is left of it. */
  fail(ref: TaskRef, failure: TaskFailure, decide: Decide): Promise<Setback>;
  giveBack(ref: TaskRef): Promise<void>;
  /**
   * Tasks whose lease is over go to the next one; a bounded number at once.
   * @param heardMs for how long holders could be heard: that a lease ended before says nothing about its holder.
   */
  takeFromSilent(heardMs: number, decide: Decide): Promise<Setback[]>;
  /** Tasks of workers whose connection has been gone for longer than that go to the next one, at once. */
  takeFromGone(goneMs: number, decide: Decide): Promise<Setback[]>;
  /** Finds whatever no live task stands behind, also rows changed by hand, and puts it right. */
  reconcile(): Promise<Repair[]>;
  finishedWork(jobId: JobId): Promise<FinishedWork>;
  /** Whether the video was deleted. */
  isDeleted(videoId: VideoId): Promise<boolean>;
  /** The job succeeded: what was published is what the video offers from now on. */
  completePublish(ref: TaskRef, renditions: readonly RenditionResource[]): Promise<void>;
}

/** Control by hand. The holders of what is cancelled are told. */
export interface JobControl {
  /**
   * A failed or cancelled job goes on where it stopped, at its generation: what is done stays done.
   * @throws DomainError no_such_job, job_not_failed
   */
  retryJob(jobId: JobId): Promise<void>;
  /** @throws DomainError no_such_job, job_not_running */
  cancelJob(jobId: JobId, reason: string): Promise<void>;
}

/** Which workers hold a connection to which orchestrator. */
export interface WorkerRecords {
  /** @param connection names this connection: an older one that ends later changes nothing. */
  connected(worker: WorkerInfo, at: { orchestrator: string; connection: string }): Promise<void>;
  /** Still there: said every few seconds for all connections of one orchestrator. */
  seen(connections: readonly string[]): Promise<void>;
  disconnected(connection: string): Promise<void>;
  /** Rows of workers that have not been seen for a long time go. */
  forgetGone(): Promise<void>;
}

export type DueVideo = { readonly videoId: VideoId; readonly version: number; readonly until: string };

/** Published videos whose playlists are to be looked at again: captions changed, or they were published a while ago. */
export interface DuePlaylists {
  /** Nobody else gets the same one for a while. Undefined when there is none. */
  next(): Promise<DueVideo | undefined>;
  /** Its playlists are as they should be; without effect where captions have changed since. */
  done(video: DueVideo): Promise<void>;
}
