import { sql } from 'kysely';
import type { WorkerRecords } from '../domain/job-records.ts';
import { answered } from './database-outage.ts';
import type { Database } from './postgres.ts';
import { NOW } from './transitions.ts';

/** A worker that was away for so long is not shown any more. */
const REMEMBERED_FOR = sql`interval '1 day'`;

/** Which worker holds which connection, in PostgreSQL, so that every orchestrator knows. */
export const createWorkerRecords = (db: Database): WorkerRecords => ({
  connected: ({ worker, session, version, cores, memoryMib, encoders }, { orchestrator, connection }) =>
    answered(async () => {
      const info = { worker, version, cores, memory_mib: memoryMib, encoders: [...encoders] };
      const state = { orchestrator, connection, connected_at: NOW, disconnected_at: null, seen_at: NOW };
      await db
        .insertInto('workers')
        .values({ session, ...info, ...state })
        .onConflict((known) => known.column('session').doUpdateSet({ ...info, ...state }))
        .execute();
    }),
  seen: (connections) =>
    answered(async () => {
      if (connections.length === 0) return;
      await db
        .updateTable('workers')
        .set({ seen_at: NOW })
        .where('connection', 'in', [...connections])
        .execute();
    }),
  disconnected: (connection) =>
    answered(async () => {
      await db.updateTable('workers').set({ disconnected_at: NOW }).where('connection', '=', connection).execute();
    }),
  forgetGone: () =>
    answered(async () => {
      await db.deleteFrom('workers').where(sql<boolean>`seen_at < clock_timestamp() - ${REMEMBERED_FOR}`).execute();
    }),
});
