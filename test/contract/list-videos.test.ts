import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { sql } from 'kysely';
import { createVideoRecords } from '../../src/adapters/video-records.ts';
import type { VideoQuery } from '../../src/domain/ports.ts';
import { foldTitle } from '../../src/domain/title.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { newVideoId } from '../support/job-world.ts';

let database: TestDatabase;
before(async () => {
  database = await startDatabase();
});
after(() => database?.[Symbol.asyncDispose]());
beforeEach(async () => {
  await sql`truncate videos cascade`.execute(database.db);
});

const records = () => createVideoRecords(database.db);

async function add(title: string): Promise<string> {
  const videoId = newVideoId();
  await records().startUpload({ videoId, filename: 'a.mp4', contentType: 'video/mp4', title });
  return videoId;
}

async function titles(query: Omit<VideoQuery, 'limit'>, limit = 100): Promise<string[]> {
  return (await records().list({ limit, ...query })).videos.map((video) => video.title);
}

test('a search finds any part of a title, in whatever case and script', async () => {
  for (const title of ['Ein Fluß', 'ÄRGER im Büro', 'Москва 2024', '川の流れ', '100% sicher_x']) await add(title);
  const cases = {
    FLU: 'Ein Fluß',
    ärger: 'ÄRGER im Büro',
    МОСК: 'Москва 2024',
    の: '川の流れ',
    '0% S': '100% sicher_x',
    r_: '100% sicher_x',
  };
  for (const [part, found] of Object.entries(cases)) assert.deepEqual(await titles({ titlePart: part }), [found], part);
  assert.deepEqual(await titles({ titlePart: '%' }), ['100% sicher_x'], 'a wildcard is a character like any other');
  assert.deepEqual(await titles({ titlePart: 'nowhere' }), []);
});

test('letters that are put together in another way are the same letters', async () => {
  await add('Büro'.normalize('NFD'));
  assert.equal((await titles({ titlePart: 'BÜRO'.normalize('NFC') })).length, 1);
});

test('a renamed video is found by its new title only', async () => {
  const id = await add('Alt');
  await records().rename(id as never, 'Neu');
  assert.deepEqual([await titles({ titlePart: 'alt' }), await titles({ titlePart: 'neu' })], [[], ['Neu']]);
});

test('states, searches and cursors go together: pages of any size make up exactly the filtered list', async () => {
  const states = ['uploading', 'failed', 'ready'] as const;
  for (let i = 0; i < 24; i++) {
    const id = await add(`${i % 2 === 0 ? 'Even' : 'Odd'} ${i}`);
    await sql`update videos set state = ${states[i % 3]} where id = ${id}`.execute(database.db);
  }
  const all = (await records().list({ limit: 100 })).videos;
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 30 }),
      fc.option(fc.constantFrom(...states), { nil: undefined }),
      fc.option(fc.constantFrom('even', 'ODD', '1', 'zzz'), { nil: undefined }),
      async (limit, state, titlePart) => {
        const wanted = all
          .filter((video) => state === undefined || video.state === state)
          .filter((video) => titlePart === undefined || foldTitle(video.title).includes(foldTitle(titlePart)));
        const got: string[] = [];
        for (let cursor: string | undefined, more = true; more; ) {
          const page = await records().list({
            limit,
            ...(state === undefined ? {} : { state }),
            ...(titlePart === undefined ? {} : { titlePart }),
            ...(cursor === undefined ? {} : { cursor }),
          });
          got.push(...page.videos.map((video) => video.id));
          cursor = page.next ?? undefined;
          more = page.next !== null;
        }
        assert.deepEqual(
          got,
          wanted.map((video) => video.id),
        );
      },
    ),
    { numRuns: 40 },
  );
});
