import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import type { Browser, Page } from 'playwright-core';
import { openBrowser, openPage, saveScreenshot } from '../support/browser.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { UploadFolder, UploadProcess } from '../support/upload-process.ts';

/** The pages while work goes on, which the test does by hand: a browser on a real upload-api and database. */
let database: TestDatabase;
let folder: UploadFolder;
let server: UploadProcess;
let browser: Browser;
let videoId: string;
before(async () => {
  database = await startDatabase();
  folder = await UploadFolder.make();
  server = await UploadProcess.start(folder, database.url);
  browser = await openBrowser();
});
beforeEach(async () => {
  await sql`truncate videos, events cascade`.execute(database.db);
  const url = `${server.url}/upload?filename=${encodeURIComponent('River at dusk.mp4')}`;
  const answer = await fetch(url, { method: 'POST', body: randomBytes(1000) });
  videoId = ((await answer.json()) as { id: string }).id;
});
after(async () => {
  await browser?.close();
  await server?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

/** The job runs, and so many of its tasks are done. */
async function work(done: number, open: number): Promise<void> {
  const { db } = database;
  await sql`update videos set state = 'processing' where id = ${videoId}`.execute(db);
  await sql`update jobs set state = 'running' where video_id = ${videoId}`.execute(db);
  await sql`delete from tasks`.execute(db);
  await sql`
    insert into tasks (id, job_id, video_id, kind, spec, state)
    select gen_random_uuid(), id, video_id, 'audio', '{"kind": "audio", "plan": {"rendition": "a-en"}}',
      case when n <= ${done} then 'done' else 'leased' end
    from jobs, generate_series(1, ${done + open}) n where video_id = ${videoId}
  `.execute(db);
  await tell('task', 'leased', 'done');
}

async function tell(subject: string, from: string, to: string): Promise<void> {
  await sql`insert into events (video_id, subject, from_state, to_state) values (${videoId}, ${subject}, ${from}, ${to})
  `.execute(database.db);
}

async function jobState(): Promise<string | undefined> {
  const job = await database.db.selectFrom('jobs').select('state').where('generation', '=', 1).executeTakeFirst();
  return job?.state;
}

/** How often the page asks for the video itself. */
function questions(page: Page): { count: number } {
  const asked = { count: 0 };
  page.on('request', (request) => {
    if (new URL(request.url()).pathname === `/videos/${videoId}`) asked.count += 1;
  });
  return asked;
}

test('the watch page shows progress as it comes, and asks no more while the stream tells it', async () => {
  const { page, complaints } = await openPage(browser);
  await page.goto(`${server.url}/watch/${videoId}`);
  await page.getByText('Waiting for a worker').waitFor();
  await work(2, 7);
  await tell('job', 'queued', 'running');
  await page.getByText('2 of 9 tasks done').waitFor();
  const asked = questions(page);
  for (const done of [3, 5, 8]) {
    await work(done, 9 - done);
    await page.getByText(`${done} of 9 tasks done`).waitFor();
  }
  // A question may have been under way when the stream began to tell.
  assert.ok(asked.count <= 1, `${asked.count} questions`);
  await saveScreenshot(page, 'watch-processing');
  assert.deepEqual(complaints, []);
  await page.close();
});

test('where no stream can be had, the watch page asks instead', async () => {
  const { page } = await openPage(browser);
  await page.route('**/events*', (route) => route.fulfill({ status: 503, body: '' }));
  await page.goto(`${server.url}/watch/${videoId}`);
  await page.getByText('Waiting for a worker').waitFor();
  for (const done of [2, 4]) {
    await work(done, 9 - done);
    await page.getByText(`${done} of 9 tasks done`).waitFor();
  }
  await page.close();
});

test('progress goes on after the server was killed and came back', async () => {
  const { page } = await openPage(browser);
  await work(1, 8);
  await page.goto(`${server.url}/watch/${videoId}`);
  await page.getByText('1 of 9 tasks done').waitFor();
  await server.kill();
  await server.start();
  await work(6, 3);
  await page.getByText('6 of 9 tasks done').waitFor();
  await page.close();
});

test('a job is cancelled on the watch page, and goes on when asked to', async () => {
  await work(3, 6);
  const { page, complaints } = await openPage(browser);
  await page.goto(`${server.url}/watch/${videoId}`);
  await page.getByTestId('cancel-job').click();
  await page.getByText('Processing was cancelled').waitFor();
  await saveScreenshot(page, 'watch-cancelled');
  assert.equal(await jobState(), 'cancelled');
  await page.getByTestId('try-again').click();
  await page.getByText('Waiting for a worker').waitFor();
  assert.equal(await jobState(), 'queued');
  assert.deepEqual(complaints, []);
  await page.close();
});

test('the library shows progress as it comes, why a job failed, and tries it again', async () => {
  const { page, complaints } = await openPage(browser);
  await page.goto(server.url);
  const row = page.getByTestId('video-row');
  await row.getByText('Waiting').waitFor();
  await work(4, 4);
  await row.getByText('42%').waitFor();
  await saveScreenshot(page, 'library-live');
  await row.getByTestId('cancel-job').click();
  await row.getByText('Cancelled').waitFor();
  await sql`update jobs set state = 'failed', error_code = 'ffmpeg_failed', error_message = 'ffmpeg ended with 1'
  `.execute(database.db);
  await tell('job', 'running', 'failed');
  await row.getByText('ffmpeg ended with 1').waitFor();
  await saveScreenshot(page, 'library-failed');
  await row.getByTestId('try-again').click();
  await eventually('the job is queued again', async () => (await jobState()) === 'queued');
  await row.getByTestId('cancel-job').waitFor();
  assert.deepEqual(complaints, []);
  await page.close();
});

test('the watch page of a video that is deleted elsewhere says so', async () => {
  const { page } = await openPage(browser);
  await page.goto(`${server.url}/watch/${videoId}`);
  await page.getByText('Waiting for a worker').waitFor();
  await fetch(`${server.url}/videos/${videoId}`, { method: 'DELETE' });
  await page.getByText('This video does not exist').waitFor();
  await page.close();
});

test('a page that embeds a video shows its progress, and no buttons that change anything', async () => {
  await work(2, 7);
  const { page, complaints } = await openPage(browser);
  await page.goto(`${server.url}/embed/${videoId}`);
  await page.getByText('2 of 9 tasks done').waitFor();
  await work(5, 4);
  await page.getByText('5 of 9 tasks done').waitFor();
  assert.equal(await page.getByRole('button').count(), 0);
  assert.deepEqual(complaints, []);
  await page.close();
});
