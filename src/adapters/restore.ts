import { sql } from 'kysely';
import { migrate } from './migrate.ts';
import { type Database, json } from './postgres.ts';
import { databaseState } from './schema-state.ts';
import type { Tx } from './transitions.ts';

/** A backup that cannot be restored here, with what to do about it. Nothing was changed. */
export class RestoreError extends Error {
  override readonly name = 'RestoreError';
}

export type BackupLine = { readonly table: string; readonly row: object };

/** Rows of one table in one statement; a row may hold a plan of megabytes. */
const ROWS_AT_ONCE = 100;

/**
 * Rows go into the schema that they came from, which is then brought up to date. All of them or none.
 * @param migrations of the backup, oldest first
 * @param lines in the order of the backup, whose end was seen
 * @throws RestoreError
 */
export async function restore(
  db: Database,
  migrations: readonly string[],
  lines: AsyncIterable<BackupLine>,
): Promise<number> {
  await assertFits(db, migrations);
  await migrate(db, migrations.at(-1));
  const rows = await db.transaction().execute(async (tx) => {
    const tables = await tablesOf(tx);
    // Triggers tell of news; nothing here is news.
    for (const table of tables) await sql`alter table ${sql.table(table)} disable trigger user`.execute(tx);
    const count = await insertAll(tx, lines, new Set(tables));
    for (const table of tables) await sql`alter table ${sql.table(table)} enable trigger user`.execute(tx);
    // Their bytes have changed since, or are gone: whoever uploads begins again.
    await tx.deleteFrom('videos').where('state', '=', 'uploading').execute();
    await advanceCounters(tx);
    return count;
  });
  await migrate(db);
  return rows;
}

async function assertFits(db: Database, migrations: readonly string[]): Promise<void> {
  const { applied, known } = await databaseState(db);
  const newer = migrations.filter((name) => !known.includes(name));
  if (newer.length > 0)
    throw new RestoreError(`the backup is of a newer Millrace (${newer.join(', ')}): upgrade first`);
  if (applied.length === 0) return;
  const isSame = applied.join() === migrations.join();
  const isEmpty = isSame && (await db.selectFrom('videos').select('id').limit(1).execute()).length === 0;
  if (!isEmpty) throw new RestoreError('the database is in use: restore needs an empty one');
}

async function tablesOf(tx: Tx): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select relname as name from pg_class where relkind = 'r' and relnamespace = current_schema()::regnamespace
  `.execute(tx);
  return rows.map(({ name }) => name);
}

async function insertAll(tx: Tx, lines: AsyncIterable<BackupLine>, tables: ReadonlySet<string>): Promise<number> {
  let count = 0;
  let batch: BackupLine[] = [];
  const flush = async (): Promise<void> => {
    await insertRows(tx, batch);
    count += batch.length;
    batch = [];
  };
  for await (const line of lines) {
    if (!tables.has(line.table)) throw new RestoreError(`the backup has a table "${line.table}", which is unknown`);
    if (batch.length === ROWS_AT_ONCE || (batch[0] && batch[0].table !== line.table)) await flush();
    batch.push(line);
  }
  await flush();
  return count;
}

async function insertRows(tx: Tx, batch: readonly BackupLine[]): Promise<void> {
  const table = batch[0]?.table;
  if (table === undefined) return;
  const rows = json(batch.map(({ row }) => row));
  await sql`
    insert into ${sql.table(table)} overriding system value
    select * from jsonb_populate_recordset(null::${sql.table(table)}, ${rows}::jsonb)
  `.execute(tx);
}

/** Rows were inserted with the numbers that they had: new ones go on after them. */
async function advanceCounters(tx: Tx): Promise<void> {
  const { rows } = await sql<{ table: string; column: string; sequence: string }>`
    select table_name as table, column_name as column,
      pg_get_serial_sequence(quote_ident(table_name), column_name) as sequence
    from information_schema.columns
    where table_schema = current_schema() and pg_get_serial_sequence(quote_ident(table_name), column_name) is not null
  `.execute(tx);
  for (const { table, column, sequence } of rows)
    await sql`
      select setval(${sequence}::regclass, coalesce(max(${sql.ref(column)}), 0) + 1, false) from ${sql.table(table)}
    `.execute(tx);
}
