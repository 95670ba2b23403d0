import type { TaskId } from '../domain/ids.ts';
import type { WorkerNews } from '../domain/ports.ts';
import type { LentTask } from '../domain/tasks.ts';
import type { Lease } from './keep-lease.ts';

/** The leases that a worker works under, so that news of them find their way. */
export class HeldLeases {
  readonly #held = new Map<TaskId, { readonly token: number; readonly lease: Pick<Lease, 'end'> }>();

  add({ taskId, token }: Pick<LentTask, 'taskId' | 'token'>, lease: Pick<Lease, 'end'>): Disposable {
    this.#held.set(taskId, { token, lease });
    return { [Symbol.dispose]: () => void this.#held.delete(taskId) };
  }

  /** News of an earlier grant of the same task change nothing. */
  hear(news: WorkerNews): void {
    if (news.news !== 'lease_ended') return;
    const held = this.#held.get(news.taskId);
    if (held?.token === news.token) held.lease.end();
  }
}
