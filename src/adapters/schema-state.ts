import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { Database } from './postgres.ts';

export type DatabaseState = {
  /** Names of migrations, oldest first. */
  readonly applied: readonly string[];
  readonly known: readonly string[];
  readonly version: string;
  /** Of the database's clock, in milliseconds since 1970. */
  readonly nowMs: number;
};

/** Looks at a database and changes nothing in it. */
export async function databaseState(db: Database): Promise<DatabaseState> {
  const { rows } = await sql<{ now: Date; version: string; made: boolean }>`
    select clock_timestamp() as now, current_setting('server_version') as version,
      to_regclass('kysely_migration') is not null as made
  `.execute(db);
  const [{ now, version, made } = { now: new Date(0), version: '', made: false }] = rows;
  const applied = made
    ? (await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db)).rows
    : [];
  return { applied: applied.map(({ name }) => name), known: await knownMigrations(), version, nowMs: now.getTime() };
}

async function knownMigrations(): Promise<string[]> {
  const names = await readdir(join(import.meta.dirname, 'migrations'));
  return names
    .filter((name) => name.endsWith('.sql'))
    .map((name) => name.replace('.sql', ''))
    .sort();
}
