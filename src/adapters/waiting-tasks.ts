import { sql } from 'kysely';
import type { Database } from './postgres.ts';

/** Tasks that a further worker could begin at once: whoever counts them may start one. */
export async function countWaitingTasks(db: Database): Promise<number> {
  const { rows } = await sql<{ waiting: number }>`
    select count(*) as waiting from tasks
    where state = 'queued' and not blocked and kind <> 'publish' and not_before <= clock_timestamp()
  `.execute(db);
  return rows[0]?.waiting ?? 0;
}
