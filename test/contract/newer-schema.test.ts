import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { migrate } from '../../src/adapters/migrate.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
before(async () => {
  database = await startDatabase();
});
after(async () => {
  await database[Symbol.asyncDispose]();
});

test('a schema that is newer than the program is refused in one line, and left as it is', async () => {
  const { db } = database;
  await sql`insert into kysely_migration (name, timestamp) values ('9999-later', '2100-01-01')`.execute(db);
  await assert.rejects(migrate(db), /newer than this Millrace \(9999-later\): upgrade Millrace here/);
  await sql`delete from kysely_migration where name = '9999-later'`.execute(db);
  await migrate(db);
});
