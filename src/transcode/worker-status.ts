import { Registry } from 'prom-client';
import type { TaskKind, TaskResult } from '../domain/tasks.ts';
import { metersIn } from '../lib/meters.ts';

export type TaskEnd = { readonly kind: TaskKind; readonly outcome: string; readonly durationMs: number };

/** What a worker knows about itself, for `/health` and `/metrics`. */
export type WorkerStatus = {
  readonly registry: Registry;
  orchestratorAnswered(): void;
  orchestratorFailed(): void;
  /** Whether claiming waits for the object store. */
  storePaused(isPaused: boolean): void;
  isStorePaused(): boolean;
  taskEnded(end: TaskEnd): void;
  resultMade(result: TaskResult): void;
};

/** From a cheap probe to a chunk of 4K on a slow core. */
const TASK_SECONDS = [0.5, 1, 2, 5, 10, 20, 40, 80, 160, 320, 640];

export function createWorkerStatus(registry = new Registry()): WorkerStatus {
  const { counter, gauge, histogram } = metersIn(registry);
  const tasks = counter('millrace_tasks_total', 'Attempts at tasks, by how they ended', 'kind', 'outcome');
  const seconds = histogram('millrace_task_seconds', 'Wall time of attempts at tasks', TASK_SECONDS, 'kind');
  const segments = counter('millrace_segments_total', 'Segments of finished tasks');
  const bytes = counter('millrace_segment_bytes_total', 'Bytes of segments of finished tasks');
  const reachable = gauge('millrace_orchestrator_reachable', 'Whether the last call to the orchestrator was answered');
  const paused = gauge('millrace_worker_paused', 'Whether no task is claimed because the object store does not answer');
  let isPaused = false;
  return {
    registry,
    orchestratorAnswered() {
      reachable.set(1);
    },
    orchestratorFailed() {
      reachable.set(0);
    },
    storePaused(now) {
      isPaused = now;
      paused.set(now ? 1 : 0);
    },
    isStorePaused: () => isPaused,
    taskEnded({ kind, outcome, durationMs }) {
      tasks.inc({ kind, outcome });
      seconds.observe({ kind }, durationMs / 1000);
    },
    resultMade(result) {
      if (!('renditions' in result)) return;
      for (const segment of result.renditions.flatMap((rendition) => rendition.segments)) {
        segments.inc();
        bytes.inc(segment.sizeBytes);
      }
    },
  };
}
