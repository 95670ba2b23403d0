import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Kysely, sql } from 'kysely';
import { type MigrationProvider, Migrator } from 'kysely/migration';
import type { Database } from './postgres.ts';
import { databaseState } from './schema-state.ts';

/**
 * Brings the schema up to date. Several roles may start at once: Kysely's migrator takes a lock.
 * @param upTo the last migration to carry out; unset, all
 * @throws Error where the schema is newer than this program: what it would write is not what the newer one reads.
 */
export async function migrate(db: Database, upTo?: string): Promise<void> {
  const { applied, known } = await databaseState(db);
  const newer = applied.filter((name) => !known.includes(name));
  if (newer.length > 0)
    throw new Error(
      `the database's schema is newer than this Millrace (${newer.join(', ')}): upgrade Millrace here, too`,
    );
  const migrator = new Migrator({ db, provider: sqlFiles(join(import.meta.dirname, 'migrations')) });
  const { error } = await (upTo === undefined ? migrator.migrateToLatest() : migrator.migrateTo(upTo));
  if (error) throw new Error('bringing the database schema up to date', { cause: error });
}

const sqlFiles = (folder: string): MigrationProvider => ({
  async getMigrations() {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
    const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
    return Object.fromEntries(
      names.map((name, i) => [
        name.replace('.sql', ''),
        { up: async (db: Kysely<unknown>) => void (await sql.raw(texts[i] ?? '').execute(db)) },
      ]),
    );
  },
});
