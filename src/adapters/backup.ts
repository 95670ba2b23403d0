import { sql } from 'kysely';
import type { Database } from './postgres.ts';
import { databaseState } from './schema-state.ts';
import type { Tx } from './transitions.ts';

/**
 * All rows that are worth keeping, as lines of JSON: a head, a line for each row, an end. Not kept are uploads under
 * way, whose bytes go on changing in the store, and which workers are connected.
 */
export const BACKUP_FORMAT = 1;
const LEFT_OUT = ['uploads', 'ingests', 'workers', 'kysely_migration', 'kysely_migration_lock'];

export type BackupHead = {
  readonly millraceBackup: typeof BACKUP_FORMAT;
  /** That the schema had, oldest first: rows are restored under the same ones. */
  readonly migrations: readonly string[];
};

const ROWS_AT_ONCE = 500;

/** One moment of the database, whatever is written to it meanwhile; read a few hundred rows at a time. */
export async function backUp(db: Database, write: (line: string) => Promise<void>): Promise<number> {
  const transaction = db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only');
  return transaction.execute(async (tx) => {
    // Of the same moment as the rows: somebody may be migrating.
    const { applied } = await databaseState(tx);
    const head: BackupHead = { millraceBackup: BACKUP_FORMAT, migrations: applied };
    await write(JSON.stringify(head));
    let rows = 0;
    for (const table of await tablesInOrder(tx)) {
      await sql`declare kept no scroll cursor for select to_jsonb(t)::text as row from ${sql.table(table)} t`.execute(
        tx,
      );
      for (let page = await fetchRows(tx); page.length > 0; page = await fetchRows(tx)) {
        for (const { row } of page) await write(`{"table":${JSON.stringify(table)},"row":${row}}`);
        rows += page.length;
      }
      await sql`close kept`.execute(tx);
    }
    await write(JSON.stringify({ end: rows }));
    return rows;
  });
}

async function fetchRows(tx: Tx): Promise<{ row: string }[]> {
  return (await sql<{ row: string }>`fetch ${sql.lit(ROWS_AT_ONCE)} from kept`.execute(tx)).rows;
}

/** Those that others point to come first. */
async function tablesInOrder(tx: Tx): Promise<string[]> {
  const { rows: tables } = await sql<{ name: string }>`
    select relname as name from pg_class where relkind = 'r' and relnamespace = current_schema()::regnamespace
    order by relname
  `.execute(tx);
  const { rows: references } = await sql<{ from: string; to: string }>`
    select f.relname as from, t.relname as to from pg_constraint c
    join pg_class f on f.oid = c.conrelid join pg_class t on t.oid = c.confrelid
    where c.contype = 'f' and c.connamespace = current_schema()::regnamespace
  `.execute(tx);
  const kept = tables.map(({ name }) => name).filter((name) => !LEFT_OUT.includes(name));
  return inOrder(kept, references);
}

/** @throws Error where tables point to each other in a circle */
export function inOrder(names: readonly string[], references: readonly { from: string; to: string }[]): string[] {
  const placed: string[] = [];
  const isPlaced = (to: string): boolean => placed.includes(to) || !names.includes(to);
  while (placed.length < names.length) {
    const next = names.find(
      (name) =>
        !placed.includes(name) && references.every(({ from, to }) => from !== name || to === name || isPlaced(to)),
    );
    if (next === undefined) throw new Error(`tables point to each other: ${names.join(', ')}`);
    placed.push(next);
  }
  return placed;
}
