import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createDuePlaylists } from '../../src/adapters/due-playlists.ts';
import { createVideoRecords } from '../../src/adapters/video-records.ts';
import type { VideoId } from '../../src/domain/ids.ts';
import { MemoryObjectStore } from '../fakes/memory-object-store.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { newVideoId } from '../support/job-world.ts';
import { UploadApi } from '../support/upload-world.ts';

let database: TestDatabase;
let api: UploadApi;

before(async () => {
  database = await startDatabase();
  api = await UploadApi.start(database, { store: new MemoryObjectStore() });
});
after(async () => {
  await api?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

async function newVideo(): Promise<VideoId> {
  const videoId = newVideoId();
  await createVideoRecords(database.db).startUpload({ videoId, filename: 'a.mp4', contentType: 'video/mp4' });
  return videoId;
}

const textUrl = (videoId: VideoId, language: string): string => `${api.url}/videos/${videoId}/text/${language}`;
const put = (videoId: VideoId, language: string, body: string | Uint8Array, query = '') =>
  fetch(textUrl(videoId, language) + query, { method: 'PUT', body: body as BodyInit });
const CUE = '1\n00:00:01,000 --> 00:00:02,000\nHello\n';
const codeOf = async (answer: Response): Promise<[number, string]> => [
  answer.status,
  ((await answer.json()) as { code: string }).code,
];

test('captions are stored by language, given back as WebVTT, replaced and removed', async () => {
  const videoId = await newVideo();
  const stored = await put(videoId, 'DE-at', CUE);
  assert.deepEqual(await stored.json(), { language: 'de-AT', label: 'Österreichisches Deutsch', origin: 'uploaded' });
  await put(videoId, 'en', CUE, '?label=Signs%20only');
  await put(videoId, 'en', CUE.replace('Hello', 'Goodbye'), '?label=Signs');
  const { tracks } = (await (await fetch(`${api.url}/videos/${videoId}/text`)).json()) as {
    tracks: { language: string; label: string }[];
  };
  assert.deepEqual(
    tracks.map(({ language, label }) => [language, label]),
    [
      ['de-AT', 'Österreichisches Deutsch'],
      ['en', 'Signs'],
    ],
  );
  const vtt = await fetch(textUrl(videoId, 'en'));
  assert.match(vtt.headers.get('content-type') ?? '', /^text\/vtt/);
  assert.match(await vtt.text(), /^WEBVTT\n[\s\S]*00:00:01\.000 --> 00:00:02\.000\nGoodbye/);
  assert.equal((await fetch(textUrl(videoId, 'en'), { method: 'DELETE' })).status, 204);
  assert.deepEqual(await codeOf(await fetch(textUrl(videoId, 'en'))), [404, 'no_such_captions']);
  assert.deepEqual(await codeOf(await fetch(textUrl(videoId, 'en'), { method: 'DELETE' })), [404, 'no_such_captions']);
});

test('what is no caption is refused and changes nothing', async () => {
  const videoId = await newVideo();
  await put(videoId, 'en', CUE);
  const before = await (await fetch(textUrl(videoId, 'en'))).text();
  for (const body of ['', 'WEBVTT', '{"a": 1}', Buffer.from([0xff, 0xfe, 0x31]), 'x'.repeat(1000)])
    assert.deepEqual(await codeOf(await put(videoId, 'en', body)), [422, 'bad_captions']);
  assert.equal((await put(videoId, 'en', 'x'.repeat(5 * 1024 * 1024 + 1))).status, 413);
  assert.deepEqual(await codeOf(await put(videoId, 'no%20language', CUE)), [400, 'bad_language']);
  assert.deepEqual(await codeOf(await put('0000000000000000' as VideoId, 'en', CUE)), [404, 'no_such_video']);
  assert.equal(await (await fetch(textUrl(videoId, 'en'))).text(), before);
});

test('playlists of a published video are due once for a change, and to one orchestrator at a time', async () => {
  const videoId = await newVideo();
  const due = createDuePlaylists(database.db);
  await put(videoId, 'en', CUE);
  assert.equal(await due.next(), undefined, 'nothing is published yet');
  await database.db.updateTable('videos').set({ published_generation: 1 }).where('id', '=', videoId).execute();
  const one = await due.next();
  assert.equal(one?.videoId, videoId);
  assert.equal(await due.next(), undefined, 'somebody is at it');
  // Changed while the old ones are being written: it is due again.
  await put(videoId, 'fr', CUE);
  await due.done(one!);
  const again = await due.next();
  assert.equal(again?.videoId, videoId);
  await due.done(again!);
  assert.equal(await due.next(), undefined);
});
