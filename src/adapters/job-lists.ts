import { sql } from 'kysely';
import { isJobId } from '../domain/ids.ts';
import type { JobEntry, JobLists, JobQuery } from '../domain/job-lists.ts';
import { eachAnswered } from './database-outage.ts';
import { taskCountsOf, toJobResource } from './job-resource.ts';
import type { Database } from './postgres.ts';
import { listTasks } from './task-list.ts';
import { cursorOf, parseTimeCursor } from './time-cursor.ts';
import { listWorkers } from './worker-list.ts';

/** What is worked on, and by whom, in PostgreSQL. */
export function createJobLists(db: Database): JobLists {
  return eachAnswered<JobLists>({
    jobs: (query) => listJobs(db, query),
    job: async (jobId) => {
      const row = await jobRows(db).where('j.id', '=', jobId).executeTakeFirst();
      return row && toEntry(row);
    },
    tasks: (query) => listTasks(db, query),
    workers: () => listWorkers(db),
  });
}

async function listJobs(db: Database, { limit, cursor, state, videoId }: JobQuery) {
  let query = jobRows(db)
    .orderBy('j.created_at', 'desc')
    .orderBy('j.id', 'desc')
    .limit(limit + 1);
  if (cursor !== undefined) {
    const { at, id } = parseTimeCursor(cursor, isJobId);
    query = query.where(sql<boolean>`(j.created_at, j.id) < (${at}::timestamptz, ${id}::uuid)`);
  }
  if (state !== undefined) query = query.where('j.state', '=', state);
  if (videoId !== undefined) query = query.where('j.video_id', '=', videoId);
  const rows = await query.execute();
  const page = rows.slice(0, limit);
  return { jobs: page.map(toEntry), next: rows.length > limit ? (page.at(-1)?.cursor ?? null) : null };
}

const jobRows = (db: Database) =>
  db
    .selectFrom('jobs as j')
    .innerJoin('videos as v', 'v.id', 'j.video_id')
    .select(['j.id', 'j.generation', 'j.state', 'j.error_code', 'j.error_message', 'j.error_tail'])
    .select(['j.video_id', 'j.created_at', 'j.started_at', 'j.ended_at', 'v.title'])
    .select([taskCountsOf('j.id').as('task_counts'), cursorOf('j.created_at', 'j.id').as('cursor')]);

type JobRow = Awaited<ReturnType<ReturnType<typeof jobRows>['execute']>>[number];

const toEntry = (row: JobRow): JobEntry => ({
  ...toJobResource(row),
  videoId: row.video_id,
  title: row.title,
  createdAt: row.created_at.toISOString(),
  startedAt: row.started_at?.toISOString() ?? null,
  endedAt: row.ended_at?.toISOString() ?? null,
});
