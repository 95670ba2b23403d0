import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import type { TimelineEvent, VideoEvents } from '../domain/video-events.ts';
import { eachAnswered } from './database-outage.ts';
import type { Database } from './postgres.ts';

/** Events in PostgreSQL, without gaps. */
export function createVideoEvents(db: Database): VideoEvents {
  return eachAnswered<VideoEvents>({
    async read(videoId, { after, limit }) {
      const upTo = await positionIn(db);
      const rows = await db
        .selectFrom('events as e')
        .leftJoin('tasks as t', 't.id', 'e.task_id')
        .selectAll('e')
        .select('t.kind')
        .where('e.video_id', '=', videoId)
        .where('e.id', '>', after)
        .where('e.id', '<=', upTo)
        .orderBy('e.id')
        .limit(limit)
        .execute();
      return rows.map(
        (row): TimelineEvent => ({
          id: row.id,
          at: row.at.toISOString(),
          subject: row.subject,
          jobId: row.job_id,
          taskId: row.task_id,
          kind: row.kind,
          attempt: row.attempt,
          worker: row.worker,
          from: row.from_state,
          to: row.to_state,
          reason: row.reason,
        }),
      );
    },
    position: () => positionIn(db),
  });
}

const LOOK_EVERY_MS = 10;
/**
 * No transaction of ours takes this long. One that somebody left open at the prompt must not stop the news of all
 * videos, so then it is left behind: of its own events, a reader that has passed them is not told.
 */
const OPEN_DEADLINE_MS = 3_000;

/**
 * Up to which id every event is to be seen. Ids are given when a row is written, but a row is seen when its
 * transaction commits, and a later id may well be seen first. Whoever went on from there would never be told of the
 * earlier one. So: which id was given last; then a transaction id, which is higher than that of whoever was given an
 * event id before (each of them has changed a row first); and when no transaction with a lower one is left open, all
 * events up to that id are there, or never will be.
 */
async function positionIn(db: Database): Promise<number> {
  const { rows: ids } = await sql<{ last: number }>`select last_value as last from events_id_seq`.execute(db);
  const { rows: own } = await sql<{ xid: string }>`select pg_current_xact_id()::text as xid`.execute(db);
  const xid = own[0]?.xid ?? '0';
  for (let waitedMs = 0; waitedMs < OPEN_DEADLINE_MS; waitedMs += LOOK_EVERY_MS) {
    if (await areAllClosed(db, xid)) break;
    await delay(LOOK_EVERY_MS);
  }
  return ids[0]?.last ?? 0;
}

async function areAllClosed(db: Database, beforeXid: string): Promise<boolean> {
  const { rows } = await sql<{ closed: boolean }>`
    select pg_snapshot_xmin(pg_current_snapshot()) >= ${beforeXid}::xid8 as closed
  `.execute(db);
  return rows[0]?.closed === true;
}
