import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openFileObjectStore } from '../../src/adapters/file-object-store.ts';
import type { VideoId } from '../../src/domain/ids.ts';
import { aboutKey, sourcePartKey } from '../../src/domain/object-keys.ts';
import { gunzipJson } from '../../src/lib/gzip-json.ts';
import { parseAbout } from '../../src/main/rebuild/parse-about.ts';
import { eventually } from '../support/eventually.ts';
import { Instance } from '../support/instance.ts';
import { makeClip } from '../support/media.ts';

/** The database is lost, and everything that plays is there again from the objects alone. */
let instance: Instance;
let videoId: string;
let brokenId: string;

before(async () => {
  instance = await Instance.start();
  const clip = join(instance.data, 'clip.mp4');
  await makeClip(clip, { seconds: 3, rate: '25' });
  videoId = (await instance.upload(clip, 'Harbour.mp4')).id;
  // Text that is no video: a failure is kept, too.
  brokenId = (await instance.upload(join(import.meta.dirname, 'rebuild.test.ts'), 'notes.txt')).id;
  assert.equal((await instance.settled(videoId)).state, 'ready');
  assert.equal((await instance.settled(brokenId)).state, 'failed');
  await change(videoId, { title: 'Harbour at night', visibility: 'private' });
  await change(videoId, { visibility: 'public' });
  const captions = 'WEBVTT\n\n00:00.000 --> 00:01.000\nShips\n';
  const headers = { 'content-type': 'text/vtt' };
  const answer = await fetch(`${instance.url}/videos/${videoId}/text/en`, {
    method: 'PUT',
    headers,
    body: captions,
  });
  assert.ok(answer.ok, await answer.text());
});
after(async () => {
  await instance?.[Symbol.asyncDispose]();
});

async function change(id: string, to: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify(to);
  const answer = await fetch(`${instance.url}/videos/${id}`, { method: 'PATCH', headers, body });
  assert.ok(answer.ok, await answer.text());
}

async function aboutOf(id: string) {
  const file = join(instance.data, 'objects', aboutKey({ videoId: id as VideoId }));
  const bytes = await readFile(file).catch(() => undefined);
  return bytes && parseAbout(await gunzipJson(bytes));
}

/** All that a caller can ask about the videos and their bytes. */
async function everything() {
  const json = async (path: string) => (await fetch(instance.url + path)).json();
  const download = await fetch(`${instance.url}/videos/${videoId}/download/v240.mp4`);
  const source = await fetch(`${instance.url}/videos/${videoId}/source`);
  return {
    list: await json('/videos'),
    captions: await json(`/videos/${videoId}/text`),
    job: ((await json('/jobs')) as { jobs: { videoId: string }[] }).jobs.find((job) => job.videoId === videoId),
    download: [download.status, Buffer.from(await download.arrayBuffer()).length],
    source: Buffer.from(await source.arrayBuffer()).length,
  };
}

test('a database that was lost is made again from the bucket: the same videos, and they play', async () => {
  await eventually('what was changed last is written beside the objects', async () => {
    const about = await aboutOf(videoId);
    return about?.title === 'Harbour at night' && about.captions.length === 1 && about.published !== null;
  });
  await eventually('the failure, too', async () => (await aboutOf(brokenId))?.error?.code === 'not_a_video');
  const before = await everything();
  await assert.rejects(instance.command('rebuild'), { stderr: /has 2 videos.*--into-existing/ });
  await instance.stop();
  await rm(join(instance.data, 'postgres'), { recursive: true });
  const looked = await instance.command('rebuild', '--dry-run');
  assert.match(looked, new RegExp(`^${videoId}  as it was$`, 'm'));
  await assert.rejects(instance.command('keys', 'list'), { stderr: /The database is empty/ }, 'nothing was made of it');
  const said = await instance.command('rebuild');
  assert.match(said, new RegExp(`^${videoId}  as it was$`, 'm'));
  assert.match(said, /There are no API keys any more: .*millrace keys create/);
  assert.match(said, /^2 videos in the store: 2 as it was$/m);
  await instance.start();
  const after = await everything();
  // The failed one has no job any more, only its reason.
  const withoutJobs = ({ list, ...rest }: typeof before) => ({
    ...rest,
    videos: (list as { videos: { id: string }[] }).videos.map((video) =>
      video.id === brokenId ? { ...video, job: null } : video,
    ),
  });
  assert.deepEqual(withoutJobs(after), withoutJobs(before));
  const played = await instance.command('verify', videoId, '--url', instance.url);
  assert.match(played, /nothing to find fault with|0 faults/);
});

test('rebuilding beside rows that stand changes nothing, also while the instance runs', async () => {
  const before = await everything();
  assert.match(await instance.command('rebuild', '--into-existing'), /^2 videos in the store: 2 known$/m);
  assert.deepEqual(await everything(), before);
});

test('a backup taken while all runs is restored into an empty database, and what changed since comes from the bucket', async () => {
  const file = join(instance.data, 'rows.gz');
  assert.match(await instance.command('backup', file), /^\d+ rows are in /);
  const timeline = async () => (await fetch(`${instance.url}/videos/${videoId}/timeline`)).json();
  const told = await timeline();
  await change(videoId, { title: 'Harbour at dawn' });
  await eventually(
    'the new title is beside the objects',
    async () => (await aboutOf(videoId))?.title === 'Harbour at dawn',
  );
  await assert.rejects(instance.command('restore', file), { stderr: /restore needs an empty one/ });
  await instance.stop();
  await rm(join(instance.data, 'postgres'), { recursive: true });
  const said = await instance.command('restore', file);
  assert.match(said, new RegExp(`^${videoId}  newer than its row$`, 'm'));
  await instance.start();
  assert.equal((await instance.video(videoId)).title, 'Harbour at dawn');
  const after = (await timeline()) as { events: unknown[] };
  assert.deepEqual(after.events.slice(0, -1), (told as { events: unknown[] }).events);
});

test('a video of which nobody knows more than its source is processed again, at keys of its own, and stays private', async () => {
  await change(videoId, { visibility: 'private' });
  await instance.stop();
  await rm(join(instance.data, 'postgres'), { recursive: true });
  await rm(join(instance.data, 'objects', aboutKey({ videoId: videoId as VideoId })));
  await writeFile(join(instance.data, 'objects', aboutKey({ videoId: brokenId as VideoId })), 'not what it was');
  const said = await instance.command('rebuild');
  assert.match(said, new RegExp(`^${brokenId}  to be processed: its file is damaged: incorrect header check; `, 'm'));
  assert.match(said, /^2 videos in the store: 2 to be processed$/m);
  await instance.start();
  assert.equal((await fetch(`${instance.url}/play/${videoId}/index.m3u8`)).status, 403);
  assert.equal((await instance.video(videoId)).visibility, 'private');
  await change(videoId, { visibility: 'public' });
  const video = await instance.settled(videoId);
  assert.equal(video.state, 'ready', JSON.stringify(video.error));
  assert.deepEqual([video.title, video.job?.generation], [videoId, 2]);
});

test('gc finds what nobody stands behind, deletes it only when told to, and leaves the videos whole', async () => {
  const key = sourcePartKey({ videoId: '0123456789abcdef' as VideoId, part: 0 });
  const store = await openFileObjectStore(join(instance.data, 'objects'));
  await store.put(key, Buffer.from('a part of an upload that died'), { contentType: 'text/plain' });
  assert.match(await instance.command('gc'), /^There is no garbage\.$/m, 'it was written just now');
  for (const hours of ['', 'soon', '-1', 'Infinity'])
    await assert.rejects(instance.command('gc', `--older-than=${hours}`), { stderr: /takes a number of hours/ });
  const counted = await instance.command('gc', '--older-than', '0');
  assert.match(counted, /^ +1 +29 +of a video that the database does not know\nNothing was deleted/m);
  assert.ok(await store.head(key));
  assert.match(await instance.command('gc', '--older-than', '0', '--delete'), /^1 objects were deleted\.$/m);
  assert.equal(await store.head(key), undefined);
  const played = await instance.command('verify', videoId, '--url', instance.url);
  assert.match(played, /nothing to find fault with|0 faults/);
});
