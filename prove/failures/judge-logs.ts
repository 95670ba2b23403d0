import type { LogLine } from '../../test/fault/read-logs.ts';
import { timeOf } from './log-tail.ts';

/** How many leases of tasks of the video were lost, whether their holder was gone or silent. */
export const lostLeases = (lines: readonly LogLine[], ofVideo: string): number =>
  lines.filter(({ event, videoId }) => videoId === ofVideo && (event === 'worker_gone' || event === 'lease_expired'))
    .length;

/** Waiting for the object store must use up no attempt: an orchestrator that counts one logs task_failed. */
export const usedAttempts = (lines: readonly LogLine[], ofVideo: string): string[] =>
  lines
    .filter(({ event, role, videoId }) => event === 'task_failed' && role === 'orchestrator' && videoId === ofVideo)
    .map(({ taskId, attempt }) => `attempt ${attempt} of the task ${taskId} was used up`);

type Attempt = { readonly taskId: string; readonly attempt: number; readonly worker: string };

/** A worker stores nothing more of a task once it has found its lease lost. */
export function storedAfterLoss(lines: readonly LogLine[], { taskId, attempt, worker }: Attempt): string[] {
  const own = lines.filter((line) => line.taskId === taskId && line.attempt === attempt && line.node === worker);
  const lost = own.find(({ event }) => event === 'lease_lost');
  if (!lost) return [`${worker} never found its lease lost`];
  return own
    .filter((line) => line.event === 'segment_stored' && timeOf(line) > timeOf(lost))
    .map(({ segment }) => `${worker} stored segment ${segment} after its lease was lost`);
}
