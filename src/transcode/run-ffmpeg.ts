import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { LogEvent } from '../domain/log-events.ts';
import type { Clock } from '../domain/ports.ts';
import type { Log } from '../lib/log.ts';
import type { Sandbox } from './sandbox.ts';
import { ToolError } from './task-error.ts';
import { HUNG_MS, watchProgress } from './watch-progress.ts';

export type ToolRun = {
  readonly program: 'ffmpeg' | 'ffprobe';
  readonly args: readonly string[];
  /** Reader i gets what the program writes to its file descriptor i + 3. It must read to the end or throw. */
  readonly readers: readonly ((output: Readable) => Promise<void>)[];
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
};

export type ToolDeps = {
  readonly sandbox: Sandbox;
  readonly log: Log<LogEvent>;
  readonly clock: Clock;
  /** Without any sign of life for this long, a tool hangs. */
  readonly hungMs?: number;
};

/** The first descriptor after standard input, output and error. */
export const FIRST_PIPE = 3;
const TAIL_BYTES = 4096;

/**
 * Runs a media tool to its end. Whatever ends it early (the signal, the deadline, a reader that throws) kills
 * its whole process group at once, and this returns only when the process is gone.
 * @throws the signal's reason; what a reader threw; ToolError ffmpeg_failed, ffmpeg_deadline, ffmpeg_hung
 */
export async function runTool(run: ToolRun, { sandbox, log, clock, hungMs = HUNG_MS }: ToolDeps): Promise<void> {
  run.signal.throwIfAborted();
  const startedMs = clock.nowMs();
  const child = start(run, sandbox);
  log.debug('ffmpeg_started', { program: run.program, pid: child.pid });
  const tail = keepTail(child);
  const failures: unknown[] = [];
  const endWith = (failure: unknown): void => {
    failures.push(failure);
    killGroup(child);
  };
  const onAbort = (): void => endWith(run.signal.reason);
  run.signal.addEventListener('abort', onAbort, { once: true });
  const deadline = setTimeout(() => endWith(deadlineError(run, tail())), run.deadlineMs);
  using _watch = watchProgress(child, () => endWith(hungError(run, hungMs, tail())), hungMs);
  try {
    const exit = exitOf(child);
    await Promise.all(run.readers.map((reader, i) => readTo(reader, child.stdio[FIRST_PIPE + i], endWith)));
    const { code, by } = await exit;
    const durationMs = clock.nowMs() - startedMs;
    log.debug('ffmpeg_exited', { program: run.program, pid: child.pid, exitCode: code, by, durationMs });
    if (code !== null && code !== 0) throw exitError(run, code, tail());
    if (failures.length > 0) throw failures[0];
    if (by !== null) throw new ToolError('ffmpeg_failed', `ended by ${by}`, { tail: tail() });
  } finally {
    clearTimeout(deadline);
    run.signal.removeEventListener('abort', onAbort);
  }
}

function start({ program, args, readers }: ToolRun, { prefix, env }: Sandbox): ChildProcess {
  const [command = program, ...rest] = [...prefix, program, ...args];
  return spawn(command, rest, {
    stdio: ['ignore', 'ignore', 'pipe', ...readers.map(() => 'pipe' as const)],
    env,
    cwd: '/',
    // Its own process group, which can be killed as a whole.
    detached: true,
  });
}

/** Waits for the end of the process and of its pipes. */
function exitOf(child: ChildProcess): Promise<{ code: number | null; by: NodeJS.Signals | null }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ code: number | null; by: NodeJS.Signals | null }>();
  child.once('error', (cause) => reject(new ToolError('ffmpeg_failed', 'cannot be started', { cause })));
  child.once('close', (code, by) => resolve({ code, by }));
  // Awaited only after the readers; until then a failed start must not count as unhandled.
  promise.catch(() => undefined);
  return promise;
}

async function readTo(
  reader: (output: Readable) => Promise<void>,
  output: unknown,
  endWith: (failure: unknown) => void,
): Promise<void> {
  const readable = output as Readable;
  try {
    await reader(readable);
  } catch (failure) {
    endWith(failure);
  } finally {
    readable.destroy();
  }
}

function keepTail(child: ChildProcess): () => string {
  let tail = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-TAIL_BYTES);
  });
  return () => tail.trim();
}

const exitError = ({ program }: ToolRun, exitCode: number, tail: string): ToolError =>
  new ToolError('ffmpeg_failed', `${program} ended with exit code ${exitCode}`, { tail, exitCode });

const deadlineError = ({ program, deadlineMs }: ToolRun, tail: string): ToolError =>
  new ToolError('ffmpeg_deadline', `${program} was not done after ${deadlineMs} ms`, { tail });

const hungError = ({ program }: ToolRun, hungMs: number, tail: string): ToolError =>
  new ToolError('ffmpeg_hung', `${program} did nothing for ${hungMs} ms`, { tail });

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // Gone by itself between the check and the call.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
