import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import { freePort } from '../../src/lib/listen.ts';
import type { Finding } from '../../src/main/doctor/findings.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';

const CLI = resolve(import.meta.dirname, '../../src/main/cli.ts');
const DEADLINE_MS = 120_000;

let database: TestDatabase;
let data: string;
before(async () => {
  database = await startDatabase();
  data = await mkdtemp(join(tmpdir(), 'millrace-doctor-'));
});
after(async () => {
  await rm(data, { recursive: true, force: true });
  await database[Symbol.asyncDispose]();
});

async function doctor(settings: NodeJS.ProcessEnv, ...args: string[]): Promise<{ code: number; stdout: string }> {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, MILLRACE_DATA: data, MILLRACE_PORT: String(await freePort()), ...settings };
  return promisify(execFile)(process.execPath, [CLI, 'doctor', ...args], { env, timeout: DEADLINE_MS }).then(
    ({ stdout }) => ({ code: 0, stdout }),
    ({ code, stdout }: { code: number; stdout: string }) => ({ code, stdout }),
  );
}

async function statuses(settings: NodeJS.ProcessEnv): Promise<{ code: number; of: Record<string, Finding['status']> }> {
  const { code, stdout } = await doctor(settings, '--json');
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  return { code, of: Object.fromEntries(findings.map(({ check, status }) => [check, status])) };
}

test('where all is well, each check has a line that says so, and nothing is left in the store', async () => {
  const { code, stdout } = await doctor({ MILLRACE_DATABASE_URL: database.url });
  assert.equal(code, 0, stdout);
  const checks = stdout
    .trimEnd()
    .split('\n')
    .map((line) => /^(?:ok|warn) +(\w+) /.exec(line)?.[1]);
  assert.deepEqual(checks, ['node', 'ffmpeg', 'encoders', 'store', 'database', 'clock', 'disk', 'port']);
  assert.match(stdout, /^ok +database +PostgreSQL \d.*, schema \d{4}-/m);
});

test('what does not work fails with its cure, without any password, and the rest is still looked at', async () => {
  const dead = `http://127.0.0.1:${await freePort()}`;
  const settings = {
    MILLRACE_STORE: `s3://videos?endpoint=${dead}`,
    MILLRACE_STORE_ACCESS_KEY: 'someone',
    MILLRACE_STORE_SECRET_KEY: 'not-to-be-told',
    MILLRACE_DATABASE_URL: `postgres://millrace:not-to-be-told@127.0.0.1:${await freePort()}/millrace`,
  };
  const { code, stdout } = await doctor(settings);
  assert.equal(code, 1);
  assert.match(stdout, /^fail +store .*127\.0\.0\.1.*; set MILLRACE_STORE/m);
  assert.match(stdout, /^fail +database .*ECONNREFUSED.*; start PostgreSQL/m);
  assert.match(stdout, /^ok +encoders /m);
  assert.doesNotMatch(stdout, /not-to-be-told/);
});

test('a schema of a newer version is a failure', async () => {
  const settings = { MILLRACE_DATABASE_URL: database.url };
  await sql`insert into kysely_migration (name, timestamp) values ('9999-of-the-future', '')`.execute(database.db);
  const { code, of } = await statuses(settings);
  await sql`delete from kysely_migration where name = '9999-of-the-future'`.execute(database.db);
  assert.deepEqual([code, of.database], [1, 'fail']);
});
