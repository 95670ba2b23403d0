import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { LogEvent, LogEventName } from '../../src/domain/log-events.ts';
import { planJob } from '../../src/domain/plan-job.ts';
import type { WorkerInfo } from '../../src/domain/ports.ts';
import type { JobPlan, SourceFacts, TaskSpec } from '../../src/domain/tasks.ts';
import type { Log } from '../../src/lib/log.ts';
import { performTask } from '../../src/transcode/perform-task.ts';
import { runWorker, type WorkerDeps } from '../../src/transcode/worker.ts';
import { createWorkerStatus } from '../../src/transcode/worker-status.ts';
import { MemoryTaskLender } from '../fakes/memory-task-lender.ts';
import type { MediaBench } from './media-bench.ts';

export type LogLine = { readonly event: LogEventName; readonly fields: Readonly<Record<string, unknown>> };

/** A log that a test can read. */
export function readableLog(lines: LogLine[], bound: object = {}): Log<LogEvent> {
  const add = (event: LogEventName, fields: object) => void lines.push({ event, fields: { ...bound, ...fields } });
  return { debug: add, info: add, warn: add, error: add, with: (more) => readableLog(lines, { ...bound, ...more }) };
}

export const WORKER: WorkerInfo = {
  worker: 'worker-a',
  session: '00000000-0000-4000-a000-000000000000',
  version: '0.0.0',
  cores: 1,
  memoryMib: 4096,
  encoders: ['libx264', 'aac'],
};

/** A worker at work on a bench, until it is disposed of. */
export function workOn(bench: MediaBench, lender = new MemoryTaskLender(), instead: Partial<WorkerDeps> = {}) {
  const lines: LogLine[] = [];
  const stop = new AbortController();
  const working = runWorker({
    ...bench.deps,
    store: bench.store,
    lender,
    log: readableLog(lines),
    worker: WORKER,
    performTask,
    status: createWorkerStatus(),
    random: () => 0.5,
    slots: 1,
    stopping: stop.signal,
    ...instead,
  });
  const end = async (): Promise<void> => {
    stop.abort(new Error('test is over'));
    await working;
  };
  return { lender, lines, stop: end, [Symbol.asyncDispose]: end };
}

export const probeSpec = (source: Awaited<ReturnType<MediaBench['keep']>>): TaskSpec => ({
  kind: 'probe',
  source,
  generation: 1,
});

/** The encode and audio tasks that follow from a probe. */
export function tasksAfter(probe: TaskSpec, facts: SourceFacts): { plan: JobPlan; specs: TaskSpec[] } {
  const plan = planJob(facts);
  const of = { source: probe.source, generation: probe.generation };
  const { grid, rungs } = plan;
  const track = plan.facts.video;
  const chunks =
    grid && track ? plan.chunks.map((chunk) => ({ kind: 'encode' as const, ...of, track, grid, rungs, chunk })) : [];
  return { plan, specs: [...chunks, ...plan.audio.map((audio) => ({ kind: 'audio' as const, ...of, plan: audio }))] };
}

const WAIT_DEADLINE_MS = 60_000;

/** Waits for a value, looking often. */
export async function waitFor<T>(look: () => T | undefined | Promise<T | undefined>, what: string): Promise<T> {
  const deadlineMs = performance.now() + WAIT_DEADLINE_MS;
  while (performance.now() < deadlineMs) {
    const value = await look();
    if (value !== undefined) return value;
    await delay(10);
  }
  throw new Error(`${what} did not happen within ${WAIT_DEADLINE_MS} ms`);
}

/** The process id of the ffmpeg that was started last. */
export const startedFfmpeg = (lines: readonly LogLine[]): Promise<number> =>
  waitFor(() => {
    const line = lines.findLast(({ event, fields }) => event === 'ffmpeg_started' && fields.program === 'ffmpeg');
    return line && (line.fields.pid as number);
  }, 'the start of ffmpeg');

/** True where no such process runs; one that ended and that nobody waited for counts as gone. */
export async function isGone(pid: number): Promise<boolean> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ESRCH')
      return true;
    throw error;
  }
}
