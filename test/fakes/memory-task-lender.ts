import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '../../src/domain/errors.ts';
import type { JobId, TaskId } from '../../src/domain/ids.ts';
import type { TaskLender, WorkerInfo, WorkerNews } from '../../src/domain/ports.ts';
import type { LentTask, StoredRendition, TaskFailure, TaskResult, TaskSpec } from '../../src/domain/tasks.ts';

export type Settlement =
  | { readonly outcome: 'done'; readonly result: TaskResult }
  | { readonly outcome: 'failed'; readonly failure: TaskFailure }
  | { readonly outcome: 'returned' };

type Row = { task: LentTask; held: boolean; settlement: PromiseWithResolvers<Settlement> };

type Connection = { readonly onNews: (news: WorkerNews) => void; readonly end: () => void };

/** Looks for work this often while a claim waits. */
const LOOK_MS = 20;
const CLAIM_WAIT_MS = 1_000;

/** Lends tasks as an orchestrator does, in order, from memory. Leases end only when a test revokes them. */
export class MemoryTaskLender implements TaskLender {
  readonly #rows = new Map<TaskId, Row>();
  readonly #queue: TaskId[] = [];
  readonly #leaseMs: number;
  readonly #connections = new Set<Connection>();
  renewals = 0;
  readonly reported: StoredRendition[] = [];
  connects = 0;
  claims = 0;
  /** While set, every call fails as if nobody listened. */
  unreachable = false;
  /** Thrown at whoever connects. */
  refusal: Error | undefined;

  constructor({ leaseMs = 15_000 } = {}) {
    this.#leaseMs = leaseMs;
  }

  add(spec: TaskSpec): TaskId {
    const taskId = `00000000-0000-4000-8000-${String(this.#rows.size).padStart(12, '0')}` as TaskId;
    const jobId = '00000000-0000-4000-9000-000000000000' as JobId;
    const { videoId } = spec.source;
    const task: LentTask = { taskId, jobId, videoId, attempt: 0, token: 0, leaseMs: this.#leaseMs, spec };
    this.#rows.set(taskId, { task, held: false, settlement: Promise.withResolvers() });
    this.#queue.push(taskId);
    return taskId;
  }

  /** How the task ended. */
  settled(taskId: TaskId): Promise<Settlement> {
    return this.#row(taskId).settlement.promise;
  }

  /** Workers that hold a connection. */
  get connected(): number {
    return this.#connections.size;
  }

  /** Ends all connections, as when an orchestrator stops. */
  hangUp(): void {
    for (const { end } of this.#connections) end();
  }

  /** Takes the task from its holder and says so at once, as when its job is cancelled. */
  cancel(taskId: TaskId): void {
    const { token } = this.#row(taskId).task;
    this.revoke(taskId);
    for (const { onNews } of this.#connections) onNews({ news: 'lease_ended', taskId, token });
  }

  async connect(_: WorkerInfo, onNews: (news: WorkerNews) => void, signal: AbortSignal): Promise<void> {
    this.connects += 1;
    if (this.refusal) throw this.refusal;
    this.#assertReachable();
    const { promise, resolve } = Promise.withResolvers<void>();
    const connection = { onNews, end: resolve };
    this.#connections.add(connection);
    signal.addEventListener('abort', () => resolve(), { once: true });
    onNews({ news: 'beat' });
    await promise;
    this.#connections.delete(connection);
  }

  isHeld(taskId: TaskId): boolean {
    return this.#row(taskId).held;
  }

  /** Takes the task from its holder, as when its lease expired. */
  revoke(taskId: TaskId): void {
    this.#row(taskId).held = false;
  }

  async claim(_: WorkerInfo, signal: AbortSignal): Promise<LentTask | undefined> {
    this.claims += 1;
    for (let waitedMs = 0; waitedMs < CLAIM_WAIT_MS; waitedMs += LOOK_MS) {
      this.#assertReachable();
      const taskId = this.#queue.shift();
      if (taskId !== undefined) return this.#lend(taskId);
      await delay(LOOK_MS, undefined, { signal });
    }
    return undefined;
  }

  async report(task: LentTask, stored: readonly StoredRendition[]): Promise<void> {
    this.#assertHeld(task);
    this.reported.push(...stored);
  }

  async renew(task: LentTask): Promise<void> {
    this.#assertHeld(task);
    this.renewals += 1;
  }

  async complete(task: LentTask, result: TaskResult): Promise<void> {
    this.#settle(task, { outcome: 'done', result });
  }

  async fail(task: LentTask, failure: TaskFailure): Promise<void> {
    this.#settle(task, { outcome: 'failed', failure });
  }

  async giveBack(task: LentTask): Promise<void> {
    this.#settle(task, { outcome: 'returned' });
  }

  #lend(taskId: TaskId): LentTask {
    const row = this.#row(taskId);
    row.task = { ...row.task, attempt: row.task.attempt + 1, token: row.task.token + 1 };
    row.held = true;
    return row.task;
  }

  #settle(task: LentTask, settlement: Settlement): void {
    this.#assertHeld(task).held = false;
    this.#row(task.taskId).settlement.resolve(settlement);
  }

  #assertHeld(task: LentTask): Row {
    this.#assertReachable();
    const row = this.#row(task.taskId);
    if (!row.held || row.task.token !== task.token) throw new DomainError('lease_lost');
    return row;
  }

  #assertReachable(): void {
    if (this.unreachable) throw new Error('connection refused');
  }

  #row(taskId: TaskId): Row {
    const row = this.#rows.get(taskId);
    if (!row) throw new Error(`no task ${taskId}`);
    return row;
  }
}
