import { DomainError } from '../domain/errors.ts';
import type { TaskLender } from '../domain/ports.ts';
import type { LentTask } from '../domain/tasks.ts';

export type LenderOptions = { readonly url: string; readonly token: string };

/** Longer than the orchestrator lets a claim wait. */
const CLAIM_DEADLINE_MS = 30_000;
const CALL_DEADLINE_MS = 10_000;

/** The orchestrator, as a worker reaches it: one URL and one token. */
export function createHttpTaskLender({ url, token }: LenderOptions): TaskLender {
  const call = async (path: string, body: unknown, deadlineMs: number, signal: AbortSignal): Promise<Response> => {
    const response = await fetch(new URL(path, url), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]),
    });
    if (response.ok) return response;
    throw await failureOf(response, path);
  };
  const settle = async (task: LentTask, verb: string, extra: object, signal: AbortSignal): Promise<void> => {
    await call(`/tasks/${task.taskId}/${verb}`, { token: task.token, ...extra }, CALL_DEADLINE_MS, signal);
  };
  return {
    async claim(worker, signal) {
      const response = await call('/tasks/claim', worker, CLAIM_DEADLINE_MS, signal);
      return response.status === 204 ? undefined : ((await response.json()) as LentTask);
    },
    renew: (task, signal) => settle(task, 'renew', {}, signal),
    complete: (task, result, signal) => settle(task, 'complete', { result }, signal),
    fail: (task, failure, signal) => settle(task, 'fail', { failure }, signal),
    giveBack: (task, signal) => settle(task, 'return', {}, signal),
  };
}

async function failureOf(response: Response, path: string): Promise<Error> {
  const text = await response.text();
  if (response.status === 409 && text.includes('"lease_lost"')) return new DomainError('lease_lost');
  return new Error(`the orchestrator answered ${response.status} to ${path}: ${text.slice(0, 500)}`);
}
