import type { LogLine } from '../../domain/log-line.ts';
import { messageIn } from './message-in.ts';
import { spansOf } from './spans.ts';
import type { Attempt, AttemptEnd, StoredSpan, VideoEntry } from './video-entry.ts';

/** The lines of one attempt, by the ids that they bear; undefined for lines about anything else. */
export function attemptKey(line: LogLine): string | undefined {
  if (!('taskId' in line) || !('attempt' in line) || line.taskId === undefined) return undefined;
  return NOT_OF_ATTEMPTS.has(line.event) ? undefined : `${line.taskId} ${line.attempt}`;
}

/** They name the task that they follow from, and are about the whole job. */
const NOT_OF_ATTEMPTS: ReadonlySet<string> = new Set(['job_planned', 'ladder_chosen']);

/** @param lines of one attempt, in the order of time, at least one. */
export function tellAttempt(lines: readonly LogLine[]): VideoEntry & Attempt {
  const first = lines[0] as LogLine & { taskId: string; attempt: number };
  const ended = lines.map(endIn).filter((end) => end !== undefined);
  // A worker says how it ended and the orchestrator what follows from it; of both the more certain word counts.
  const last = ended.toSorted((a, b) => CERTAINTY.indexOf(a.end) - CERTAINTY.indexOf(b.end))[0];
  const setbacks = last?.end === 'done' ? {} : whyIn(lines);
  return {
    is: 'attempt',
    at: first.time,
    taskId: first.taskId,
    attempt: first.attempt,
    ...pick(lines, 'jobId'),
    ...pick(lines, 'kind'),
    ...workerIn(lines),
    end: last?.end ?? 'open',
    ...(last && { endedAt: last.at }),
    ...pick(lines, 'durationMs', 'task_settled'),
    ...setbacks,
    stored: storedIn(lines),
    reused: lines.flatMap((line) =>
      line.event === 'segments_reused' ? [{ rendition: line.rendition, segments: line.segments }] : [],
    ),
    troubles: lines.flatMap(troubleIn),
  };
}

/** The most certain first: what is done is done, whoever thought otherwise, and a worker never hears that it was paused. */
const CERTAINTY: readonly AttemptEnd[] = ['done', 'dead', 'paused', 'retry', 'returned', 'lost'];

function endIn(line: LogLine): { readonly end: AttemptEnd; readonly at: string } | undefined {
  const at = line.time;
  switch (line.event) {
    case 'task_done':
      return { end: 'done', at };
    case 'task_dead':
      return { end: 'dead', at };
    case 'task_failed':
      return line.outcome === 'retry' || line.outcome === 'dead' ? { end: line.outcome, at } : undefined;
    case 'task_paused':
      return { end: 'paused', at };
    case 'task_returned':
      return { end: 'returned', at };
    case 'lease_lost':
    case 'lease_refused':
      return { end: 'lost', at };
    case 'task_settled':
      if (line.outcome === 'failed') return { end: 'retry', at };
      return line.outcome === 'done' || line.outcome === 'returned' || line.outcome === 'lost'
        ? { end: line.outcome, at }
        : undefined;
    default:
      return undefined;
  }
}

type Why = Pick<Attempt, 'code' | 'message' | 'cause' | 'delayMs'>;

/** The worker's word on a failure, and over it the orchestrator's, which comes later; a silence is a reason of its own. */
function whyIn(lines: readonly LogLine[]): Why {
  const silence = lines.find(({ event }) => event === 'lease_expired' || event === 'worker_gone');
  const failures = lines.filter(
    ({ event }) => event === 'task_failed' || event === 'task_paused' || event === 'task_dead',
  );
  const told: Why = Object.assign({}, ...failures.map(partsOf));
  return silence ? { ...told, code: silence.event } : told;
}

function partsOf(line: LogLine): Why {
  if (line.event === 'task_paused') return { code: line.code, message: line.message, delayMs: line.delayMs };
  if (line.event !== 'task_failed') return {};
  const { code, message, cause, delayMs } = line;
  return { code, message, cause, ...(delayMs !== undefined && { delayMs }) };
}

/** Who it was lent to, or else who spoke of it. */
function workerIn(lines: readonly LogLine[]): Pick<Attempt, 'worker'> {
  const named = lines.find((line) => 'worker' in line && typeof line.worker === 'string');
  if (named && 'worker' in named && typeof named.worker === 'string') return { worker: named.worker };
  const speaker = lines.find(({ role }) => role === 'worker');
  return speaker ? { worker: speaker.node } : {};
}

function storedIn(lines: readonly LogLine[]): StoredSpan[] {
  const stored = lines.filter((line) => line.event === 'segment_stored');
  const byRendition = Map.groupBy(stored, ({ rendition }) => rendition);
  return [...byRendition].map(([rendition, of]) => ({
    rendition,
    segments: spansOf(of.map(({ segment }) => segment)),
    bytes: of.reduce((total, { bytes }) => total + bytes, 0),
  }));
}

function troubleIn(line: LogLine): Attempt['troubles'] {
  const { time: at, event } = line;
  switch (line.event) {
    case 'segment_invalid':
      return [{ at, event, message: `${line.key}: ${line.reason}` }];
    case 'orchestrator_unreachable':
    case 'lease_lost':
    case 'lease_refused':
    case 'images_skipped':
    case 'text_skipped':
    case 'trial_skipped':
      return [{ at, event, message: messageIn(line.err) ?? '' }];
    default:
      return [];
  }
}

/** The first value of a field in lines that have it. */
function pick<Name extends 'jobId' | 'kind' | 'durationMs'>(lines: readonly LogLine[], name: Name, event?: string) {
  const line = lines.find((one) => (event === undefined || one.event === event) && name in one);
  const value = line && (line as Partial<Record<Name, unknown>>)[name];
  return (value === undefined ? {} : { [name]: value }) as Pick<Attempt, Name>;
}
