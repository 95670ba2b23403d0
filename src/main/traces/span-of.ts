import { createHash } from 'node:crypto';
import type { LogEvent } from '../../domain/log-events.ts';
import type { FinishedSpan, TracePoint } from '../../lib/trace.ts';

/**
 * The ids of a job's trace follow from the ids that every role logs: nobody has to hand them on, neither with a row nor
 * with a request, and what one role tells is found by what another one tells. A trace is one job:
 *
 *   upload ─┬─ start job
 *           ├─ lend encode ── encode (the attempt) ─┬─ read source part, ffmpeg, put segment
 *           │                                       └─ settle encode
 *           └─ lend publish ── publish
 */
const hashOf = (...parts: readonly (string | number)[]): string =>
  createHash('sha256').update(parts.join('/')).digest('hex');
export const jobTraceId = (jobId: string): string => hashOf('job', jobId).slice(0, 32);
const spanIdOf = (...parts: readonly (string | number)[]): string => hashOf('span', ...parts).slice(0, 16);

type Attempt = { readonly taskId: string; readonly attempt: number };
const rootOf = (jobId: string): string => spanIdOf('root', jobId);
const lendOf = ({ taskId, attempt }: Attempt): string => spanIdOf('lend', taskId, attempt);
const attemptOf = ({ taskId, attempt }: Attempt): string => spanIdOf('attempt', taskId, attempt);

/** What a line says of a piece of work that is over; without a duration it is a moment. */
type Told = TracePoint & {
  readonly name: string;
  readonly durationMs?: number | undefined;
  readonly failure?: string | undefined;
};

/** The events that are told as spans. */
export const TRACED: ReadonlySet<string> = new Set<LogEvent['event']>([
  'upload_completed',
  'job_started',
  'task_leased',
  'task_settled',
  'task_done',
  'task_failed',
  'lease_expired',
  'worker_gone',
  'ffmpeg_exited',
  'source_part_read',
  'segment_stored',
  'video_playable',
  'job_succeeded',
  'job_failed',
  'playback_proxied',
  'segment_served',
  'segment_prefetched',
  'store_read',
]);

/** The span that a line of a log stands for, if it stands for one. It ends when the line is written. */
export function spanOf(line: LogEvent, nowMs: number, newSpanId: () => string): FinishedSpan | undefined {
  const told = tell(line, newSpanId);
  if (!told) return undefined;
  const { durationMs = 0, ...span } = told;
  return { ...span, startMs: nowMs - durationMs, endMs: nowMs, attributes: attributesOf(line) };
}

function tell(line: LogEvent, newSpanId: () => string): Told | undefined {
  switch (line.event) {
    case 'upload_completed':
      return line.jobId === undefined
        ? undefined
        : { ...rootSpan(line.jobId), name: 'upload', durationMs: line.durationMs };
    case 'job_started':
      // Only the first generation begins with an upload.
      return { ...(line.generation > 1 ? rootSpan(line.jobId) : inJob(line.jobId, newSpanId())), name: 'start job' };
    case 'task_leased':
      return { ...inJob(line.jobId, lendOf(line)), name: `lend ${line.kind}` };
    case 'task_done':
      return line.durationMs === undefined
        ? { ...inAttempt(line, newSpanId()), name: `settle ${line.kind}` }
        : { ...attemptSpan(line), name: line.kind, durationMs: line.durationMs };
    case 'lease_expired':
    case 'worker_gone':
      return { ...inJob(line.jobId, newSpanId()), parentId: lendOf(line), name: line.event, failure: line.event };
    case 'video_playable':
    case 'job_succeeded':
      return { ...inJob(line.jobId, newSpanId()), name: line.event };
    case 'job_failed':
      return { ...inJob(line.jobId, newSpanId()), name: line.event, failure: line.code };
    case 'playback_proxied':
      return line.trace && { ...line.trace, name: 'proxy', durationMs: line.durationMs, failure: line.reason };
    case 'segment_served':
      return line.trace && { ...line.trace, name: 'serve', durationMs: line.durationMs, failure: faultIn(line) };
    case 'segment_prefetched':
      return line.trace && { ...under(line.trace, newSpanId()), name: 'read ahead', durationMs: line.durationMs };
    case 'store_read': {
      const failure = line.outcome === 'ok' ? undefined : line.outcome;
      return (
        line.trace && { ...under(line.trace, newSpanId()), name: 'read store', durationMs: line.durationMs, failure }
      );
    }
    default:
      return tellOfAttempt(line, newSpanId);
  }
}

/** What a worker does: its lines have the ids of the attempt from around them. */
function tellOfAttempt(line: LogEvent, newSpanId: () => string): Told | undefined {
  if (!isOfAttempt(line)) return undefined;
  const within = inAttempt(line, newSpanId());
  switch (line.event) {
    case 'task_settled':
      return {
        ...attemptSpan(line),
        name: line.kind ?? 'attempt',
        durationMs: line.durationMs,
        failure: line.outcome === 'done' ? undefined : line.outcome,
      };
    case 'task_failed':
      // The worker says so, too, in task_settled.
      return line.outcome === undefined ? undefined : { ...within, name: 'fail', failure: line.code };
    case 'ffmpeg_exited': {
      const failure = line.exitCode === 0 ? undefined : (line.by ?? `exit code ${line.exitCode}`);
      return { ...within, name: line.program, durationMs: line.durationMs, failure };
    }
    case 'source_part_read':
      return { ...within, name: 'read source part', durationMs: line.durationMs };
    case 'segment_stored':
      return { ...within, name: 'put segment', durationMs: line.durationMs };
    default:
      return undefined;
  }
}

type OfAttempt = LogEvent & Attempt & { readonly jobId: string };
const isOfAttempt = (line: LogEvent): line is OfAttempt =>
  'jobId' in line && 'taskId' in line && 'attempt' in line && line.jobId !== undefined && line.taskId !== undefined;

const rootSpan = (jobId: string): TracePoint => ({ traceId: jobTraceId(jobId), spanId: rootOf(jobId) });
const inJob = (jobId: string, spanId: string) => ({ traceId: jobTraceId(jobId), spanId, parentId: rootOf(jobId) });
type Of = Attempt & { readonly jobId: string };
const attemptSpan = (of: Of) => ({ ...inJob(of.jobId, attemptOf(of)), parentId: lendOf(of) });
const inAttempt = (of: Of, spanId: string) => ({ ...inJob(of.jobId, spanId), parentId: attemptOf(of) });
const under = ({ traceId, spanId }: TracePoint, own: string) => ({ traceId, spanId: own, parentId: spanId });

const faultIn = ({ status, code }: { readonly status: number; readonly code?: string | undefined }) =>
  status < 500 ? undefined : (code ?? String(status));

/** Of the span itself, or too long for it. */
const LEFT_OUT: ReadonlySet<string> = new Set(['event', 'durationMs', 'tail', 'message']);

/** Under the names that the log has; lists and errors stay there. */
function attributesOf(line: LogEvent): FinishedSpan['attributes'] {
  const told: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries<unknown>(line))
    if (!LEFT_OUT.has(name) && isScalar(value)) told[`millrace.${name}`] = value;
  return told;
}

const isScalar = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
