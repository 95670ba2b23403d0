import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

export type RoleOptions = {
  /** Also its name in logs, and as the holder of tasks. */
  readonly name: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Where its standard output goes, over all its lives. */
  readonly logFile: string;
  /** Answers `/health` as soon as it listens. */
  readonly url: string;
};

const START_DEADLINE_MS = 60_000;
const POLL_MS = 50;
/** A role that was told to end does so well within its own bound of 10 s. */
const END_DEADLINE_MS = 15_000;

/** One process of the stack, which is killed, frozen and started again. */
export class RoleProcess {
  readonly name: string;
  readonly url: string;
  readonly #options: RoleOptions;
  #child: ChildProcess | undefined;

  constructor(options: RoleOptions) {
    this.name = options.name;
    this.url = options.url;
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get pid(): number {
    if (!this.#child?.pid || !this.isRunning) throw new Error(`${this.name} does not run`);
    return this.#child.pid;
  }

  /** Starts it, unless it runs. With the test it ends by itself: its IPC channel closes. */
  start(): void {
    if (this.isRunning) return;
    const { args, env, logFile } = this.#options;
    const fd = openSync(logFile, 'a');
    this.#child = spawn(process.execPath, args, { env, stdio: ['ignore', fd, fd, 'ipc'] });
    closeSync(fd);
  }

  /** Starts it, again if it ended meanwhile, until it answers. */
  async up(): Promise<void> {
    const deadline = AbortSignal.timeout(START_DEADLINE_MS);
    while (!(await this.#answers())) {
      if (deadline.aborted) throw new Error(`${this.name} did not answer within ${START_DEADLINE_MS} ms`);
      this.start();
      await delay(POLL_MS);
    }
  }

  #answers(): Promise<boolean> {
    if (!this.isRunning) return Promise.resolve(false);
    return fetch(`${this.url}/health`, { signal: AbortSignal.timeout(1_000) }).then(
      async (answer) => (await answer.text()) !== '',
      () => false,
    );
  }

  freeze(): void {
    if (this.isRunning) this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    if (this.isRunning) this.#child?.kill('SIGCONT');
  }

  /** Returns when it is gone. */
  async kill(): Promise<void> {
    await this.#endBy('SIGKILL');
  }

  /** As an operator stops it. */
  async terminate(): Promise<void> {
    this.thaw();
    await this.#endBy('SIGTERM');
  }

  async #endBy(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child || !this.isRunning) return;
    const gone = once(child, 'exit', { signal: AbortSignal.timeout(END_DEADLINE_MS) });
    child.kill(signal);
    await gone;
  }
}
