import { fromKysely, PgBoss } from 'pg-boss';
import type { TaskId } from '../domain/ids.ts';
import type { Queue, TaskRef } from '../domain/job-records.ts';
import type { TaskKind } from '../domain/tasks.ts';
import type { Tx } from './transitions.ts';

/**
 * Who may work on which task, kept by pg-boss (pinned: see docs/decisions/0001). What a task is and what came of it
 * stands in our own table `tasks`, under the same id.
 *
 * Two rules that pg-boss leaves to its user: a settling call always names the attempt (`{id, retryCount}`), because a
 * bare id is not fenced; and the number of attempts is counted in `tasks.failures`, so that handing a task back uses
 * up none. The fencing token is pg-boss's retry count, which grows with every grant and is never reset.
 */
const QUEUES: readonly Queue[] = ['work', 'publish'];

export const queueOf = (kind: TaskKind): Queue => (kind === 'publish' ? 'publish' : 'work');

export type NewTask = {
  readonly taskId: TaskId;
  readonly queue: Queue;
  /** Higher goes first, across all videos. */
  readonly priority: number;
  readonly dependsOn: readonly TaskId[];
};

export interface TaskQueue {
  /** In the caller's transaction: tasks are there when, and only when, it commits. */
  enqueue(tx: Tx, tasks: readonly NewTask[]): Promise<void>;
  grant(queue: Queue): Promise<TaskRef | undefined>;
  /** These answer false to a former holder. */
  renew(queue: Queue, attempt: TaskRef): Promise<boolean>;
  complete(tx: Tx, queue: Queue, attempt: TaskRef): Promise<boolean>;
  retryLater(tx: Tx, queue: Queue, attempt: TaskRef, reason: string): Promise<boolean>;
  giveBack(tx: Tx, queue: Queue, attempt: TaskRef): Promise<boolean>;
  /** Ends tasks whoever holds them. */
  cancel(tx: Tx, queue: Queue, taskIds: readonly TaskId[]): Promise<void>;
  /** Lets go of tasks whose dependencies are done, now and not at the next sweep. */
  releaseDependents(): Promise<void>;
  stop(): Promise<void>;
}

export type QueueOptions = {
  readonly databaseUrl: string;
  /** Silence after which a task is taken from its holder. pg-boss takes no less than 10. */
  readonly leaseSeconds: number;
  readonly onError: (error: Error) => void;
};

/** No attempt of a chunk takes this long; a hung ffmpeg is ended by its own worker much earlier. */
const ATTEMPT_LIMIT_SECONDS = 7_200;
/** Ours is the count that matters; pg-boss only must not give up before. */
const NEVER_GIVE_UP = 10_000;
const SWEEP_SECONDS = 1;
const STOP_TIMEOUT_MS = 5_000;
const MAX_CONNECTIONS = 4;

export async function openTaskQueue({ databaseUrl, leaseSeconds, onError }: QueueOptions): Promise<TaskQueue> {
  const boss = new PgBoss({
    connectionString: databaseUrl,
    max: MAX_CONNECTIONS,
    application_name: 'millrace-queue',
    schedule: false,
    superviseIntervalSeconds: SWEEP_SECONDS,
    monitorIntervalSeconds: SWEEP_SECONDS,
    flowIntervalSeconds: SWEEP_SECONDS,
  });
  boss.on('error', onError);
  await boss.start();
  for (const name of QUEUES) {
    const options = {
      heartbeatSeconds: leaseSeconds,
      expireInSeconds: ATTEMPT_LIMIT_SECONDS,
      retryLimit: NEVER_GIVE_UP,
      retryDelay: 2,
      retryBackoff: true,
      retryDelayMax: 300,
    };
    await boss.createQueue(name, options);
    await boss.updateQueue(name, options);
  }
  return taskQueue(boss);
}

function taskQueue(boss: PgBoss): TaskQueue {
  const fenced = ({ taskId, token }: TaskRef) => ({ id: taskId, retryCount: token });
  return {
    async enqueue(tx, tasks) {
      const db = fromKysely(tx);
      const [only] = tasks;
      // A flow takes two jobs or more.
      if (only && tasks.length === 1) {
        await boss.send(only.queue, null, { id: only.taskId, priority: only.priority, db });
        return;
      }
      const jobs = tasks.map(({ taskId, queue, priority, dependsOn }) => ({
        ref: taskId,
        name: queue,
        options: { id: taskId, priority },
        dependsOn: [...dependsOn],
      }));
      await boss.flow(jobs, { db });
    },
    async grant(queue) {
      const [job] = await boss.fetch(queue);
      return job && { taskId: job.id as TaskId, token: job.retryCount };
    },
    async renew(queue, attempt) {
      return isAffected(await boss.touch(queue, fenced(attempt)));
    },
    async complete(tx, queue, attempt) {
      return isAffected(await boss.complete(queue, fenced(attempt), null, { db: fromKysely(tx) }));
    },
    async retryLater(tx, queue, attempt, reason) {
      return isAffected(await boss.fail(queue, fenced(attempt), { reason }, { db: fromKysely(tx) }));
    },
    async giveBack(tx, queue, attempt) {
      const db = fromKysely(tx);
      if (!isAffected(await boss.cancel(queue, fenced(attempt), { db }))) return false;
      await boss.resume(queue, attempt.taskId, { db });
      return true;
    },
    async cancel(tx, queue, taskIds) {
      if (taskIds.length > 0) await boss.cancel(queue, [...taskIds], { db: fromKysely(tx) });
    },
    releaseDependents: () => boss.resolveFlow(),
    stop: () => boss.stop({ graceful: true, timeout: STOP_TIMEOUT_MS }),
  };
}

/** pg-boss 12.35 answers `affected` but does not declare it. */
const isAffected = (response: { affected?: number }): boolean => response.affected === 1;
