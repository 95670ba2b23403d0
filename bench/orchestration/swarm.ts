import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createHttpTaskLender } from '../../src/adapters/http-task-lender.ts';
import type { TaskLender } from '../../src/domain/ports.ts';
import type { LentTask, SourceFacts } from '../../src/domain/tasks.ts';
import { resultOf } from './long-video.ts';

export type SwarmOptions = {
  readonly url: string;
  readonly token: string;
  readonly workers: number;
  /** How long each task pretends to take, and how far apart. */
  readonly workMs: number;
  readonly facts: SourceFacts;
  /** Workers join one by one over this time. */
  readonly joinMs: number;
};

/** Workers of this process, over real HTTP: each holds its connection, claims, renews and completes. */
export class Swarm {
  /** From asking, or from when there was something to lend, to having it; and when that was. */
  readonly claims: { readonly atMs: number; readonly tookMs: number }[] = [];
  readonly errors: unknown[] = [];
  done = 0;
  /** Calls that were not answered, or with 503, and were made again. */
  retries = 0;
  #claimableSinceMs = Number.POSITIVE_INFINITY;
  readonly #options: SwarmOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>;

  constructor(options: SwarmOptions) {
    this.#options = options;
    this.#running = Promise.all(Array.from({ length: options.workers }, (_, i) => this.#work(i)));
  }

  async #work(i: number): Promise<void> {
    const { url, token, workers, joinMs } = this.#options;
    const { signal } = this.#stop;
    const lender = createHttpTaskLender({ urls: [url], token });
    const worker = { worker: `bench-${i}`, session: randomUUID(), version: '0', cores: 1, memoryMib: 4_096 };
    const info = { ...worker, encoders: ['libx264', 'aac'] };
    await delay((joinMs * i) / workers);
    void this.#try(() => lender.connect(info, () => {}, signal));
    while (!signal.aborted)
      await this.#try(async () => {
        const askedMs = performance.now();
        const task = await lender.claim(info, signal);
        if (!task) return;
        const atMs = performance.now();
        if (task.spec.kind !== 'probe')
          this.claims.push({ atMs, tookMs: atMs - Math.max(askedMs, this.#claimableSinceMs) });
        await this.#perform(task, lender);
      });
  }

  async #perform(task: LentTask, lender: TaskLender): Promise<void> {
    const { facts, workMs } = this.#options;
    const isProbe = task.spec.kind === 'probe';
    for (let left = isProbe ? 0 : workMs * (0.5 + Math.random()); left > 0; left -= task.leaseMs / 3) {
      await delay(Math.min(left, task.leaseMs / 3));
      if (left > task.leaseMs / 3) await this.#settle(() => lender.renew(task, this.#stop.signal));
    }
    await this.#settle(() => lender.complete(task, resultOf(task.spec, facts), this.#stop.signal));
    if (isProbe) this.#claimableSinceMs = Math.min(this.#claimableSinceMs, performance.now());
    else this.done += 1;
  }

  /** As a worker does: again, for as long as it may hold the task. */
  async #settle(tell: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await tell();
      } catch (error) {
        if (this.#stop.signal.aborted || (error as { code?: string }).code === 'lease_lost') throw error;
        this.retries += 1;
        await delay(100);
      }
    }
  }

  async #try(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.errors.push(error);
      await delay(100);
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}
