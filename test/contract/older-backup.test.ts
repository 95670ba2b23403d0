import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { backUp } from '../../src/adapters/backup.ts';
import { migrate } from '../../src/adapters/migrate.ts';
import { type Database, openDatabase } from '../../src/adapters/postgres.ts';
import { type BackupLine, RestoreError, restore } from '../../src/adapters/restore.ts';
import { databaseState } from '../../src/adapters/schema-state.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';

/** A backup of every schema that there ever was goes into the schema of today. */
const MIGRATIONS = resolve(import.meta.dirname, '../../src/adapters/migrations');
const VIDEO = '0123456789abcdef';

let server: TestDatabase;
const opened = new AsyncDisposableStack();
before(async () => {
  server = opened.use(await startDatabase());
});
after(() => opened.disposeAsync());

async function emptyDatabase(name: string): Promise<Database> {
  await sql`create database ${sql.id(name)}`.execute(server.db);
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  const db = openDatabase(url.href, () => {});
  opened.defer(() => db.destroy());
  return db;
}

type Backup = { readonly migrations: readonly string[]; readonly lines: readonly BackupLine[] };

async function backupOf(db: Database): Promise<Backup> {
  const lines: string[] = [];
  await backUp(db, async (line) => void lines.push(line));
  const { migrations } = JSON.parse(lines[0] ?? '') as { migrations: string[] };
  return { migrations, lines: lines.slice(1, -1).map((line) => JSON.parse(line) as BackupLine) };
}

async function* inOrder(lines: readonly BackupLine[]): AsyncGenerator<BackupLine> {
  yield* lines;
}

const names = (await readdir(MIGRATIONS)).map((file) => file.replace('.sql', '')).sort();
for (const [i, name] of names.entries())
  test(`a backup under ${name} is restored, and brought up to date`, async () => {
    const old = await emptyDatabase(`old_${i}`);
    await migrate(old, name);
    await sql`
      insert into videos (id, title, filename, content_type, state, content_id)
      values (${VIDEO}, 'Harbour', 'Harbour.mp4', 'video/mp4', 'uploaded', ${'0'.repeat(64)})
    `.execute(old);
    const { migrations, lines } = await backupOf(old);
    assert.equal(migrations.at(-1), name);

    const fresh = await emptyDatabase(`new_${i}`);
    assert.ok((await restore(fresh, migrations, inOrder(lines))) >= 1);
    assert.deepEqual((await databaseState(fresh)).applied, names);
    const { title, visibility } = await fresh.selectFrom('videos').selectAll().executeTakeFirstOrThrow();
    assert.deepEqual([title, visibility], ['Harbour', 'public']);
    // It is in use from now on.
    await assert.rejects(restore(fresh, migrations, inOrder(lines)), RestoreError);
  });
