import { isDown, type Switch } from '../abr/judge.ts';
import type { LogLine } from '../abr/log-story.ts';

/** What the logs tell of what the demo does; lines in order of time. Pure. */
export const byTime = (lines: readonly LogLine[]): LogLine[] =>
  lines.toSorted((a, b) => (String(a.time) < String(b.time) ? -1 : 1));

/** What a worker does. */
export type Encode = { readonly worker: string; readonly taskId: string };

/** Since the claim: by then ffmpeg has something in hand that is lost. */
const IN_THE_MIDDLE_MS = 1000;

/** A worker that encodes a part of the video and is in the middle of it: the one that began last. */
export function runningEncode(lines: readonly LogLine[], videoId: string, nowMs: number): Encode | undefined {
  const encodes = lines.filter(
    ({ kind, videoId: of, role }) => kind === 'encode' && of === videoId && role === 'worker',
  );
  const settled = encodes.filter(({ event }) => event === 'task_settled');
  const running = encodes.findLast(
    (line) =>
      line.event === 'task_claimed' &&
      timeOf(line) <= nowMs - IN_THE_MIDDLE_MS &&
      !settled.some(({ taskId, attempt }) => taskId === line.taskId && attempt === line.attempt),
  );
  return running && { worker: String(running.node), taskId: String(running.taskId) };
}

/** The task of a worker that was killed, lent again. */
export type LentAgain = {
  readonly to: string;
  readonly attempt: number;
  /** From the kill to the line of the orchestrator. */
  readonly noticedMs: number;
  readonly lentMs: number;
  readonly lines: readonly LogLine[];
};

export function lentAgain(
  lines: readonly LogLine[],
  { worker, taskId, killedMs }: Encode & { killedMs: number },
): LentAgain | undefined {
  const after = lines.filter((line) => timeOf(line) >= killedMs);
  const ofTask = after.filter((line) => line.taskId === taskId);
  const gone = ofTask.find((line) => line.event === 'worker_gone' && line.worker === worker);
  const leased = ofTask.find(({ event }) => event === 'task_leased');
  if (!gone || !leased) return undefined;
  const failed = ofTask.filter((line) => line.event === 'task_failed' && line.worker === worker);
  const exited = after.filter((line) => line.event === 'child_exited' && line.child === worker);
  return {
    to: String(leased.worker),
    attempt: Number(leased.attempt),
    noticedMs: timeOf(gone) - killedMs,
    lentMs: timeOf(leased) - killedMs,
    lines: byTime([...exited, gone, ...failed, leased]),
  };
}

/** How a task came to its end, if it has. */
export const endOfTask = (lines: readonly LogLine[], taskId: string): LogLine | undefined =>
  lines.findLast((line) => line.event === 'task_done' && line.taskId === taskId);

/** The first switch down from the best rung, and the first one up that follows it. */
export function downThenUp(
  switches: readonly Switch[],
  best: string,
): { readonly down: Switch | undefined; readonly up: Switch | undefined } {
  const reached = switches.findIndex(({ to }) => to === best);
  const fell = switches.findIndex((one, i) => i > reached && reached >= 0 && isDown(one));
  const up = switches.find((one, i) => i > fell && fell >= 0 && !isDown(one));
  return { down: switches[fell], up };
}

/** The edge that answered the session last. */
export const servingEdge = (lines: readonly LogLine[], sessionId: string): string | undefined =>
  lines.findLast((line) => line.event === 'segment_served' && line.sessionId === sessionId)?.edge as string | undefined;

/** A session that went to another edge, and was served there. */
export type Moved = {
  readonly to: string;
  readonly reason: string;
  readonly movedMs: number;
  readonly lines: readonly LogLine[];
};

export function movedFrom(
  lines: readonly LogLine[],
  { sessionId, edge, killedMs }: { sessionId: string; edge: string; killedMs: number },
): Moved | undefined {
  const after = lines.filter((line) => timeOf(line) >= killedMs);
  const ofSession = after.filter((line) => line.sessionId === sessionId);
  const moved = ofSession.find((line) => line.event === 'session_reassigned' && line.from === edge);
  const served = ofSession.find(
    (line) => line.event === 'segment_served' && line.kind === 'segment' && line.edge === moved?.to,
  );
  if (!moved || !served) return undefined;
  const told = after.filter(
    (line) =>
      (line.event === 'child_exited' && line.child === edge) || (line.event === 'edge_down' && line.edge === edge),
  );
  return {
    to: String(moved.to),
    reason: String(moved.reason),
    movedMs: timeOf(moved) - killedMs,
    lines: byTime([...told, moved, served]),
  };
}

export const timeOf = (line: LogLine): number => Date.parse(String(line.time));
