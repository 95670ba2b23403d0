import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { LogEvent } from '../domain/log-events.ts';
import type { Log } from '../lib/log.ts';

export type ChildSpec = {
  readonly name: string;
  readonly spawn: () => ChildProcess;
  /** Resolves once the child can do its work. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  readonly stopSignal: NodeJS.Signals;
};

export type Supervised = {
  readonly name: string;
  readonly ready: Promise<void>;
  /** Ends the child and does not start it again. */
  stop(): Promise<void>;
};

/** A child that ends again and again is started less and less often. */
const FIRST_RESTART_MS = 100;
const LAST_RESTART_MS = 5_000;
/** Living this long makes up for earlier ends. */
const SETTLED_MS = 10_000;
const READY_DEADLINE_MS = 60_000;
/** Longer than any role takes for itself. */
const KILL_AFTER_MS = 15_000;

export type Pause = (ms: number, signal: AbortSignal) => Promise<unknown>;
const wait: Pause = (ms, signal) => delay(ms, undefined, { signal });

/** Keeps one child process running until it is told to stop. */
export function supervise(spec: ChildSpec, log: Log<LogEvent>, nowMs: () => number, pause = wait): Supervised {
  const stopping = new AbortController();
  let child = start();
  const ready = spec.ready(AbortSignal.any([stopping.signal, AbortSignal.timeout(READY_DEADLINE_MS)]));
  const watching = watch();

  function start(): ChildProcess {
    const started = spec.spawn();
    log.info('child_started', { child: spec.name, pid: started.pid });
    return started;
  }

  async function watch(): Promise<void> {
    for (let waitMs = FIRST_RESTART_MS; ; waitMs = Math.min(waitMs * 2, LAST_RESTART_MS)) {
      const startedMs = nowMs();
      const exit = await exitOf(child);
      const expected = stopping.signal.aborted;
      log[expected ? 'info' : 'warn']('child_exited', { child: spec.name, pid: child.pid, ...exit, expected });
      if (expected) return;
      if (nowMs() - startedMs > SETTLED_MS) waitMs = FIRST_RESTART_MS;
      // Being stopped cuts the pause short, which is looked at next.
      await pause(waitMs, stopping.signal).catch(() => {});
      if (stopping.signal.aborted) return;
      child = start();
    }
  }

  return {
    name: spec.name,
    ready,
    async stop() {
      stopping.abort();
      child.kill(spec.stopSignal);
      const killer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
      await watching;
      clearTimeout(killer);
    },
  };
}

function exitOf(child: ChildProcess): Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }> {
  if (child.exitCode !== null || child.signalCode !== null)
    return Promise.resolve({ exitCode: child.exitCode, signal: child.signalCode });
  return new Promise((resolve) => {
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
    // A program that cannot be started at all never exits.
    child.once('error', () => resolve({ exitCode: null, signal: null }));
  });
}
