import { DomainError, isErrorCode } from '../domain/errors.ts';
import type { TaskLender } from '../domain/ports.ts';
import type { LentTask } from '../domain/tasks.ts';
import { Addresses } from './orchestrator-addresses.ts';
import { followNews } from './worker-news.ts';

export type LenderOptions = { readonly urls: readonly string[]; readonly token: string };

/** Longer than the orchestrator lets a claim wait. */
const CLAIM_DEADLINE_MS = 15_000;
const CALL_DEADLINE_MS = 10_000;

/** Orchestrators, as a worker reaches them: by URLs and one token. All are alike; the next one is asked when one fails. */
export function createHttpTaskLender({ urls, token }: LenderOptions): TaskLender {
  const addresses = new Addresses(urls);
  const post = async (path: string, body: unknown, signal: AbortSignal): Promise<Response> => {
    const address = addresses.current;
    try {
      const response = await fetch(new URL(path, address.url), {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.any([signal, address.lost]),
      });
      if (response.ok) return response;
      throw await failureOf(response, path);
    } catch (error) {
      if (isTheirs(error, signal)) addresses.leave(address);
      throw error;
    }
  };
  const call = (path: string, body: unknown, deadlineMs: number, signal: AbortSignal): Promise<Response> =>
    post(path, body, AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]));
  const settle = async (task: LentTask, verb: string, extra: object, signal: AbortSignal): Promise<void> => {
    await call(`/tasks/${task.taskId}/${verb}`, { token: task.token, ...extra }, CALL_DEADLINE_MS, signal);
  };
  return {
    async connect(worker, onNews, signal) {
      const address = addresses.current;
      try {
        await followNews((until) => post('/workers/connect', worker, until), onNews, signal);
      } catch (error) {
        // Whatever else is on its way there would wait for an orchestrator that is hung or gone.
        if (!signal.aborted) addresses.lose(address);
        throw error;
      }
      // One that is leaving still answers what it was asked.
      addresses.leave(address);
    },
    async claim(worker, signal) {
      const response = await call('/tasks/claim', worker, CLAIM_DEADLINE_MS, signal);
      return response.status === 204 ? undefined : ((await response.json()) as LentTask);
    },
    report: (task, renditions, signal) => settle(task, 'report', { renditions }, signal),
    renew: (task, signal) => settle(task, 'renew', {}, signal),
    complete: (task, result, signal) => settle(task, 'complete', { result }, signal),
    fail: (task, failure, signal) => settle(task, 'fail', { failure }, signal),
    giveBack: (task, signal) => settle(task, 'return', {}, signal),
  };
}

/** An orchestrator that answers but cannot do what was asked, as when its database is away. */
class OrchestratorFault extends Error {
  override readonly name = 'OrchestratorFault';
}

const FIRST_FAULT_STATUS = 500;

async function failureOf(response: Response, path: string): Promise<Error> {
  const text = await response.text();
  const message = `the orchestrator answered ${response.status} to ${path}: ${text.slice(0, 500)}`;
  if (response.status >= FIRST_FAULT_STATUS) return new OrchestratorFault(message);
  const { code = '', detail } = problemIn(text);
  return isErrorCode(code) ? new DomainError(code, detail) : new Error(message);
}

/** As our orchestrators refuse (RFC 9457). Whatever stands between may say anything. */
function problemIn(text: string): { readonly code?: string; readonly detail?: string } {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

/** Whether another orchestrator may do better: not when we gave up ourselves, nor when this one refused us. */
function isTheirs(error: unknown, signal: AbortSignal): boolean {
  if (error instanceof OrchestratorFault || error instanceof TypeError) return true;
  return signal.aborted && (signal.reason as Error | undefined)?.name === 'TimeoutError';
}
