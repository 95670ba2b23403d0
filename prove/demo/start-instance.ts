import type { Instance } from '../../test/support/instance.ts';
import type { Outcome } from './steps.ts';
import { byTime } from './stories.ts';

export const WORKERS = 3;
const EDGES = 3;
export const SETTINGS = { MILLRACE_WORKERS: String(WORKERS), MILLRACE_EDGES: String(EDGES) };
/** With the orchestrator and the public listener. */
const ROLES = WORKERS + EDGES + 2;

/** From nothing to a platform all of whose roles are well and reach the object store. */
export async function startInstance(instance: Instance, opened: AsyncDisposableStack): Promise<Outcome<undefined>> {
  const starting = instance.start();
  // An interrupted start is waited for: what is only half there could not be asked to stop.
  opened.defer(() => starting.catch(() => {}));
  await starting;
  const lines = byTime(await instance.logs());
  const started = lines.filter(({ event }) => event === 'role_started');
  const answers = await Promise.all(started.map(({ url }) => healthOf(String(url))));
  const ready = lines.find(({ event }) => event === 'instance_ready');
  const well = answers.filter(({ status, checks }) => status === 'ok' && 'objectStore' in checks);
  return {
    seen: `ready after ${ready?.seconds} s; GET /health of ${well.length} roles says ok, and that the object store answers`,
    wrong: well.length === ROLES ? [] : [`not of all ${ROLES}: ${JSON.stringify(answers)}`],
    lines: [...started, ...(ready ? [ready] : [])],
    gives: undefined,
  };
}

type Health = { readonly status: string; readonly checks: Readonly<Record<string, unknown>> };
const ANSWER_DEADLINE_MS = 10_000;

async function healthOf(url: string): Promise<Health> {
  const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(ANSWER_DEADLINE_MS) });
  return (await answer.json()) as Health;
}
