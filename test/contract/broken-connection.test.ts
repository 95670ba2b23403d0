import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { answered } from '../../src/adapters/database-outage.ts';
import { openDatabase } from '../../src/adapters/postgres.ts';
import { startDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';

test('a connection that breaks between two statements fails the transaction, and not the process', async () => {
  await using database = await startDatabase();
  const broken: Error[] = [];
  const db = openDatabase(database.url, (error) => broken.push(error));
  try {
    const transaction = db.transaction().execute(async (tx) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
      await sql`select pg_terminate_backend(${rows[0]?.pid})`.execute(database.db);
      await eventually('the break is told', () => broken.length > 0);
      await sql`select 1`.execute(tx);
    });
    await assert.rejects(transaction);
    assert.match(broken[0]?.message ?? '', /terminating connection/);
    const { rows } = await sql<{ two: number }>`select 2 as two`.execute(db);
    assert.equal(rows[0]?.two, 2);
  } finally {
    await db.destroy();
  }
});

test('connections that are cut at any moment are neither used up nor in the way of an end', {
  timeout: 120_000,
}, async () => {
  await using database = await startDatabase();
  const db = openDatabase(database.url, () => {});
  const cut = sql`select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()`;
  for (let round = 0; round < 40; round++) {
    const asked = Array.from({ length: 12 }, () => sql`select 1`.execute(db).catch(() => undefined));
    await cut.execute(database.db);
    await Promise.all(asked);
  }
  // A backend that was told to go may do so a moment later, under the next question.
  let found: { enable_bitmapscan: string }[] = [];
  await eventually('a whole connection is given', async () => {
    const shown = sql<{ enable_bitmapscan: string }>`show enable_bitmapscan`.execute(db);
    found = await shown.then(
      ({ rows }) => rows,
      () => [],
    );
    return found.length > 0;
  });
  assert.equal(found[0]?.enable_bitmapscan, 'off');
  // Waits for ever where a connection was taken from the pool and not given back.
  await db.destroy();
});

test('a backend that falls silent fails what waits for it, in time, and its connection is not used again', async () => {
  await using database = await startDatabase();
  const db = openDatabase(database.url, () => {}, { silenceMs: 5_000 });
  let frozen = 0;
  try {
    const transaction = db.transaction().execute(async (tx) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
      frozen = rows[0]?.pid ?? 0;
      process.kill(frozen, 'SIGSTOP');
      await sql`select 1`.execute(tx);
    });
    await assert.rejects(
      answered(() => transaction),
      { code: 'database_unavailable' },
    );
    assert.ok(frozen > 0, 'it failed before');
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db);
    assert.notEqual(rows[0]?.pid, frozen);
  } finally {
    if (frozen > 0) process.kill(frozen, 'SIGCONT');
    await db.destroy();
  }
});
