import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { DomainError } from '../domain/errors.ts';
import { freePort } from '../lib/listen.ts';
import { createAboutRecords } from './about-records.ts';
import { createCaptionRecords } from './captions.ts';
import { answered } from './database-outage.ts';
import { createGrowthRecords } from './growing-jobs.ts';
import { createJobLists } from './job-lists.ts';
import { createJobRecords } from './job-records.ts';
import { checkDatabase, openDatabase } from './postgres.ts';
import { createRetiredGenerations } from './retired-generations.ts';
import { createVideoEvents } from './video-events.ts';
import { createVideoRecords } from './video-records.ts';

test('a database that nobody answers for is an outage that callers may wait out', async () => {
  const db = openDatabase(`postgres://nobody@127.0.0.1:${await freePort()}/none`, () => {});
  await assert.rejects(
    answered(() => checkDatabase(db)),
    { code: 'database_unavailable' },
  );
  await db.destroy();
});

type Method = (...given: readonly unknown[]) => Promise<unknown>;
/** Enough to ask with. */
const GIVEN: readonly unknown[] = [{ limit: 1, filename: '' }, 'a title'];

test('whatever the API and an orchestrator read and write is such an outage', async () => {
  const db = openDatabase(`postgres://nobody@127.0.0.1:${await freePort()}/none`, () => {});
  const ofApi = [createVideoRecords(db), createJobLists(db), createVideoEvents(db), createCaptionRecords(db)];
  // These ask nothing where nobody claims.
  const { lend, ...ofJobs } = createJobRecords({ db, leaseMs: 1 });
  const all = [...ofApi, ofJobs, createGrowthRecords(db), createRetiredGenerations(db), createAboutRecords(db)];
  for (const [name, method] of all.flatMap((records) => Object.entries(records as object) as [string, Method][]))
    await assert.rejects(method(...GIVEN), { code: 'database_unavailable' }, name);
  await db.destroy();
});

const failed = (code: string): pg.DatabaseError => Object.assign(new pg.DatabaseError('no', 0, 'error'), { code });
const CASES: readonly [string, Error, boolean][] = [
  ['a server that shuts down', failed('57P01'), true],
  ['a statement that took too long', failed('57014'), true],
  ['a server with no connection to spare', failed('53300'), true],
  ['a connection that broke', new Error('Connection terminated unexpectedly'), true],
  ['a pool that gives no connection in time', new Error('timeout exceeded when trying to connect'), true],
  ['a row that is there already', failed('23505'), false],
  ['a statement that is wrong', failed('42601'), false],
  ['a refusal of our own', new DomainError('upload_lock_lost'), false],
  ['a defect', new TypeError('x is not a function'), false],
];
for (const [what, error, isOutage] of CASES)
  test(`${what} is ${isOutage ? 'an' : 'no'} outage`, async () => {
    const expected = isOutage ? { code: 'database_unavailable', cause: error } : error;
    await assert.rejects(
      answered(() => Promise.reject(error)),
      expected,
    );
  });
