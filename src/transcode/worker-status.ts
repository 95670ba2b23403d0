import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { TaskKind, TaskResult } from '../domain/tasks.ts';
import { createMetrics } from '../lib/metrics.ts';

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

export function createWorkerStatus(): WorkerStatus {
  const registry = createMetrics('worker');
  const registers = [registry];
  const tasks = new Counter({
    name: 'millrace_tasks_total',
    help: 'Attempts at tasks, by how they ended',
    labelNames: ['kind', 'outcome'],
    registers,
  });
  const seconds = new Histogram({
    name: 'millrace_task_seconds',
    help: 'Wall time of attempts at tasks',
    labelNames: ['kind'],
    buckets: TASK_SECONDS,
    registers,
  });
  const segments = new Counter({ name: 'millrace_segments_total', help: 'Segments of finished tasks', registers });
  const bytes = new Counter({
    name: 'millrace_segment_bytes_total',
    help: 'Bytes of segments of finished tasks',
    registers,
  });
  const reachable = new Gauge({
    name: 'millrace_orchestrator_reachable',
    help: 'Whether the last call to the orchestrator was answered',
    registers,
  });
  const paused = new Gauge({
    name: 'millrace_worker_paused',
    help: 'Whether no task is claimed because the object store does not answer',
    registers,
  });
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
