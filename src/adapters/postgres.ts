import { Socket } from 'node:net';
import { type Generated, Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import type { KeyScope } from '../domain/api-keys.ts';
import type { ApiKeyId, JobId, TaskId, UploadId, VideoId } from '../domain/ids.ts';
import type { Visibility } from '../domain/playback-grant.ts';
import type { JobState, TaskState, VideoState } from '../domain/states.ts';
import type { JobPlan, TaskKind, TaskResult, TaskSpec } from '../domain/tasks.ts';
import type { UploadMetadata } from '../domain/upload-records.ts';
import type { WebhookTables } from './webhook-tables.ts';

/** Rows as PostgreSQL gives them; migrations/*.sql say what they mean. */
export type Tables = WebhookTables & {
  videos: {
    id: VideoId;
    title: string;
    title_folded: Generated<string>;
    filename: string;
    content_type: string;
    state: VideoState;
    visibility: Generated<Visibility>;
    size_bytes: number | null;
    content_id: string | null;
    duration_seconds: number | null;
    width_px: number | null;
    height_px: number | null;
    frame_rate: number | null;
    published_generation: number | null;
    captions_version: Generated<number>;
    playlists_due_at: Date | null;
    growing_generation: number | null;
    about_version: Generated<number>;
    about_due_at: Date | null;
    error_code: string | null;
    error_message: string | null;
    created_at: Generated<Date>;
    updated_at: Generated<Date>;
  };
  uploads: {
    id: UploadId;
    video_id: VideoId;
    size_bytes: number | null;
    whole_parts: Generated<number>;
    tail_bytes: Generated<number>;
    tail_token: Generated<number>;
    metadata: Json<UploadMetadata>;
    lock_token: Generated<number>;
    lock_until: Date | null;
    lock_wanted: Generated<boolean>;
    expires_at: Date;
    finished_at: Date | null;
    created_at: Generated<Date>;
  };
  ingests: {
    upload_id: UploadId;
    url: string;
    validator: string | null;
    failures: Generated<number>;
    not_before: Generated<Date>;
    deadline_at: Date;
  };
  removed_videos: { id: VideoId; removed_at: Generated<Date>; sweep_at: Generated<Date> };
  video_aliases: { id: VideoId; video_id: VideoId; objects_gone: Generated<boolean>; created_at: Generated<Date> };
  idempotency_keys: { key: string; video_id: VideoId; content_id: string; created: boolean; expires_at: Date };
  api_keys: {
    id: Generated<ApiKeyId>;
    name: string;
    scope: KeyScope;
    digest: Buffer;
    created_at: Generated<Date>;
    expires_at: Date | null;
    last_used_at: Date | null;
    revoked_at: Date | null;
  };
  source_parts: { video_id: VideoId; part: number; size_bytes: number; sha256: string };
  jobs: {
    id: JobId;
    video_id: VideoId;
    generation: number;
    state: JobState;
    plan: Json<JobPlan> | null;
    ladder: Json<readonly number[]> | null;
    tasks_planned: number | null;
    error_code: string | null;
    error_message: string | null;
    error_tail: string | null;
    created_at: Generated<Date>;
    started_at: Date | null;
    ended_at: Date | null;
  };
  tasks: {
    id: TaskId;
    job_id: JobId;
    video_id: VideoId;
    kind: TaskKind;
    spec: Json<TaskSpec>;
    state: TaskState;
    attempt: Generated<number>;
    failures: Generated<number>;
    blocked: Generated<boolean>;
    due_at: Generated<Date>;
    not_before: Generated<Date>;
    lease_until: Date | null;
    worker: string | null;
    session: string | null;
    pauses: Generated<number>;
    paused_reason: string | null;
    lost_workers: Generated<string[]>;
    shun_until: Date | null;
    memory_mib: Generated<number>;
    encoders: Generated<string[]>;
    result: Json<TaskResult> | null;
    error_code: string | null;
    error_message: string | null;
    error_tail: string | null;
    created_at: Generated<Date>;
    started_at: Date | null;
    ended_at: Date | null;
  };
  workers: {
    session: string;
    worker: string;
    version: string;
    cores: number;
    memory_mib: number;
    encoders: string[];
    orchestrator: string;
    connection: string;
    connected_at: Generated<Date>;
    disconnected_at: Date | null;
    seen_at: Generated<Date>;
  };
  stored_renditions: {
    job_id: JobId;
    rendition: string;
    codec: string;
    timescale: number;
    init_sha256: string;
    init_size_bytes: number;
  };
  retired_generations: { video_id: VideoId; generation: number; remove_after: Date };
  captions: {
    video_id: VideoId;
    language: string;
    label: string;
    origin: 'embedded' | 'uploaded';
    webvtt: string;
  };
  renditions: {
    video_id: VideoId;
    generation: number;
    name: string;
    kind: 'video' | 'audio';
    codec: string;
    width_px: number | null;
    height_px: number | null;
    frame_rate: number | null;
    bandwidth_bps: number;
    average_bandwidth_bps: number;
  };
  events: {
    id: Generated<number>;
    at: Generated<Date>;
    video_id: VideoId;
    job_id: JobId | null;
    task_id: TaskId | null;
    attempt: number | null;
    worker: string | null;
    subject: 'video' | 'job' | 'task';
    from_state: string | null;
    to_state: string;
    reason: string | null;
  };
};

/** A jsonb column: pg parses it on reading. Writing goes through {@link json}. */
type Json<T> = T & { readonly __json?: never };

/** A value for a jsonb column: pg would turn an array into a PostgreSQL array. */
export const json = <T>(value: T): T => JSON.stringify(value) as T;

export type Database = Kysely<Tables>;

const MAX_CONNECTIONS = 10;
const CONNECT_TIMEOUT_MS = 5_000;
/** No statement of ours takes seconds; one that does is better failed than waited for. */
const STATEMENT_TIMEOUT_MS = 20_000;

/**
 * A database whose host is cut off, or that is frozen, does not end its statements: TCP would wait for a quarter of an
 * hour. A connection on which nothing came for longer than any statement may take is given up with what waits on it. The
 * pool has closed those that nobody uses long before.
 */
const SILENCE_MS = STATEMENT_TIMEOUT_MS + 5_000;

/** int8 columns are sizes and sequence numbers below 2^53. */
const INT8_OID = 20;

/**
 * Right after a plan has added thousands of tasks, the planner has no statistics of them: it would read all that wait,
 * and sort them, to lend the first. Read along its index that takes a tenth of the time with 1,400 tasks, and no longer
 * with more.
 *
 * It is said as the connection starts. As a statement of its own it would lose a connection that breaks at this moment:
 * Kysely then neither uses nor returns it.
 */
const IN_INDEX_ORDER = '-c enable_bitmapscan=off';

/** @param onBreak called when a pooled connection breaks while no statement waits on it. */
export function openDatabase(url: string, onBreak: (error: Error) => void, { silenceMs = SILENCE_MS } = {}): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    options: IN_INDEX_ORDER,
    stream: () => {
      const socket = new Socket();
      return socket.setTimeout(silenceMs, () =>
        socket.destroy(new Error(`connection terminated: the database was silent for ${silenceMs} ms`)),
      );
    },
    types: {
      getTypeParser: (oid, format) =>
        oid === INT8_OID ? (text: string) => Number(text) : pg.types.getTypeParser(oid, format),
    },
  });
  // The pool itself listens only while a connection is idle: one that breaks between two statements of a transaction
  // would end the process.
  pool.on('connect', (client) => client.on('error', onBreak));
  pool.on('error', () => {});
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
}

export async function checkDatabase(db: Database): Promise<void> {
  await sql`select 1`.execute(db);
}
