import { sql } from 'kysely';
import { audioSpan } from '../domain/audio-chunks.ts';
import { isTaskId } from '../domain/ids.ts';
import type { TaskEntry, TaskList, TaskQuery } from '../domain/job-lists.ts';
import type { TaskState } from '../domain/states.ts';
import type { AudioSpec, TaskSpec } from '../domain/tasks.ts';
import type { Database } from './postgres.ts';
import { cursorOf, parseTimeCursor } from './time-cursor.ts';

const OPEN: readonly TaskState[] = ['queued', 'leased'];

/** Tasks in the order in which they are due. */
export async function listTasks(db: Database, { limit, cursor, state, jobId, videoId }: TaskQuery): Promise<TaskList> {
  let query = taskRows(db)
    .orderBy('t.due_at')
    .orderBy('t.id')
    .limit(limit + 1);
  if (cursor !== undefined) {
    const { at, id } = parseTimeCursor(cursor, isTaskId);
    query = query.where(sql<boolean>`(t.due_at, t.id) > (${at}::timestamptz, ${id}::uuid)`);
  }
  if (state !== undefined) query = query.where('t.state', 'in', state === 'open' ? OPEN : [state]);
  if (jobId !== undefined) query = query.where('t.job_id', '=', jobId);
  if (videoId !== undefined) query = query.where('t.video_id', '=', videoId);
  const rows = await query.execute();
  const page = rows.slice(0, limit);
  return { tasks: page.map(toEntry), next: rows.length > limit ? (page.at(-1)?.cursor ?? null) : null };
}

const taskRows = (db: Database) =>
  db
    .selectFrom('tasks as t')
    .select(['t.id', 't.job_id', 't.video_id', 't.kind', 't.state', 't.spec', 't.attempt', 't.failures', 't.worker'])
    .select(['t.lease_until', 't.paused_reason', 't.blocked', 't.started_at', 't.ended_at'])
    .select(['t.error_code', 't.error_message', 't.error_tail'])
    .select(sql<Date | null>`case when t.not_before > clock_timestamp() then t.not_before end`.as('not_before'))
    .select(cursorOf('t.due_at', 't.id').as('cursor'));

type TaskRow = Awaited<ReturnType<ReturnType<typeof taskRows>['execute']>>[number];

const toEntry = (row: TaskRow): TaskEntry => ({
  id: row.id,
  jobId: row.job_id,
  videoId: row.video_id,
  kind: row.kind,
  state: row.state,
  ...workOf(row.spec),
  attempt: row.attempt,
  failures: row.failures,
  worker: row.state === 'queued' ? null : row.worker,
  leaseUntil: row.state === 'leased' ? isoOf(row.lease_until) : null,
  blocked: row.state === 'queued' && row.blocked,
  notBefore: row.state === 'queued' ? isoOf(row.not_before) : null,
  pausedReason: row.state === 'queued' ? row.paused_reason : null,
  startedAt: isoOf(row.started_at),
  endedAt: isoOf(row.ended_at),
  error:
    row.error_code === null
      ? null
      : { code: row.error_code, message: row.error_message ?? row.error_code, tail: row.error_tail },
});

/** What a task makes, and of which part of the video. */
function workOf(spec: TaskSpec): Pick<TaskEntry, 'renditions' | 'fromSeconds' | 'toSeconds'> {
  if (spec.kind === 'audio') return { renditions: [spec.plan.rendition], ...spanOf(spec) };
  if (spec.kind !== 'encode') return { renditions: [], fromSeconds: null, toSeconds: null };
  const { chunk, grid, rungs } = spec;
  const secondsOf = (frame: number): number => (frame * grid.frameRate.denominator) / grid.frameRate.numerator;
  return {
    renditions: rungs.map(({ rendition }) => rendition),
    fromSeconds: secondsOf(chunk.firstFrame),
    toSeconds: secondsOf(chunk.firstFrame + chunk.frames),
  };
}

/** Of sound that one task encodes whole there is no part to tell. */
function spanOf({ plan, chunk }: AudioSpec): Pick<TaskEntry, 'fromSeconds' | 'toSeconds'> {
  if (!chunk) return { fromSeconds: null, toSeconds: null };
  const { startSample, endSample } = audioSpan(plan, chunk);
  return { fromSeconds: startSample / plan.sampleRateHz, toSeconds: endSample / plan.sampleRateHz };
}

const isoOf = (at: Date | null): string | null => at?.toISOString() ?? null;
