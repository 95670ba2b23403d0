import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Timeline, TimelineEvent } from '../../src/domain/video-events.ts';
import type { Explanation } from '../../src/main/explain/explain-logs.ts';
import type { VideoStory } from '../../src/main/explain/video-entry.ts';
import { systemSchema } from '../../src/main/system/system-schema.ts';
import { eventually } from '../support/eventually.ts';
import { Instance } from '../support/instance.ts';
import { decodedFrames, ffprobe, makeClip } from '../support/media.ts';
import { aliveProcesses, childPid } from '../support/processes.ts';
import { storeSettings } from '../support/stores.ts';
import { wrongInLine } from '../support/wrong-in-line.ts';

/** The main job on real input, with every role as a process: upload, ready, played through the router. */
let instance: Instance;
let folder: string;
let clip: string;
let videoId: string;

const SECONDS = 10;
const FRAMES = 300;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-clips-'));
  clip = join(folder, 'clip.mp4');
  await makeClip(clip, { seconds: SECONDS, rate: '30' });
  instance = await Instance.start(await storeSettings());
});

after(async () => {
  await instance?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test('every role answers /health', async () => {
  const logs = await instance.logs();
  const urls = logs.filter((line) => line.event === 'role_started').map((line) => String(line.url));
  assert.equal(urls.length, 6, 'orchestrator, two workers, two edges and the public listener');
  for (const url of urls) {
    const response = await fetch(`${url}/health`);
    const report = (await response.json()) as { status: string; role: string; checks: object };
    assert.equal(response.status, 200, JSON.stringify(report));
    assert.equal(report.status, 'ok');
    assert.ok('objectStore' in report.checks);
  }
});

test('GET /system knows every process of the instance, and they are all well', async () => {
  const ask = async () => systemSchema.parse(await (await fetch(`${instance.url}/system`)).json());
  // An instance is ready when its public side is; workers connect a moment later.
  await eventually('the workers are connected', async () => (await ask()).workers?.length === 2);
  const system = await ask();
  assert.deepEqual(
    system.roles.map(({ name, status }) => `${name} ${status}`),
    ['public ok', 'orchestrator ok', 'worker-1 ok', 'worker-2 ok', 'edge-1 ok', 'edge-2 ok'],
  );
  assert.deepEqual(
    system.edges.map(({ name, standing, status }) => [name, standing, status?.sessions]),
    [
      ['edge-1', 'healthy', 0],
      ['edge-2', 'healthy', 0],
    ],
  );
  assert.deepEqual(system.workers?.map(({ worker }) => worker).sort(), ['worker-1', 'worker-2']);
  assert.deepEqual(system.queue?.tasks, { queued: 0, waiting: 0, leased: 0 });
});

test('an uploaded file becomes a video', async () => {
  const upload = await instance.upload(clip, 'Ein Fluß, 川.mp4');
  assert.equal(upload.status, 201);
  assert.equal(upload.created, true);
  videoId = upload.id;
  const video = await instance.settled(videoId);
  assert.equal(video.state, 'ready', JSON.stringify(video.error));
  assert.equal(video.title, 'Ein Fluß, 川');
  assert.deepEqual(
    video.renditions.map(({ name }) => name),
    ['v360', 'v240', 'a-und'],
  );
});

test('millrace explain tells the same attempts as the database, from the logs alone', async () => {
  const answer = await fetch(`${instance.url}/videos/${videoId}/timeline?limit=1000`);
  const { events } = (await answer.json()) as Timeline;
  const inDatabase = (to: string): string[] =>
    events
      .filter((event) => event.subject === 'task' && event.to === to)
      .map(attemptName)
      .sort();
  await eventually('the last lines are written', async () => {
    const { story } = await explained();
    return story.entries.some((entry) => entry.is === 'event' && entry.line.event === 'job_succeeded');
  });
  const { story, read } = await explained();
  const attempts = story.entries.filter((entry) => entry.is === 'attempt');
  assert.deepEqual(attempts.map(attemptName).sort(), inDatabase('leased'));
  assert.deepEqual(
    attempts
      .filter(({ end }) => end === 'done')
      .map(attemptName)
      .sort(),
    inDatabase('done'),
  );
  assert.equal(read.broken, 0);
});

const attemptName = ({
  taskId,
  attempt,
  worker,
}: Pick<TimelineEvent, 'taskId' | 'attempt'> & { worker?: string | null }) => `${taskId} ${attempt} ${worker}`;

const explained = async (): Promise<Explanation & { story: VideoStory }> =>
  JSON.parse(await instance.command('explain', videoId, '--json'));

test('millrace verify plays it as a player would, and finds no fault', async () => {
  const said = await instance.command('verify', videoId, '--url', instance.url);
  assert.match(said, /\n?\w{16}: 3 renditions, 9 segments, (nothing to find fault with|0 faults, \d+ remarks)\n$/);
});

test('every variant of the HLS playlist decodes to exactly the planned frames', async () => {
  assert.deepEqual(await decodedFrames(`${instance.url}/play/${videoId}/index.m3u8`), [FRAMES, FRAMES]);
});

test('every representation of the DASH manifest decodes to exactly the planned frames', async () => {
  assert.deepEqual(await decodedFrames(`${instance.url}/play/${videoId}/manifest.mpd`), [FRAMES, FRAMES]);
});

test('sound and picture start at the same time in a player made of ffmpeg', async () => {
  for (const file of ['index.m3u8', 'manifest.mpd']) {
    const url = `${instance.url}/play/${videoId}/${file}`;
    const text = await ffprobe('-show_entries', 'stream=start_time', '-of', 'csv=p=0', url);
    const starts = text.split('\n').filter(Boolean).map(Number);
    assert.ok(starts.length >= 3, text);
    for (const start of starts) assert.ok(Math.abs(start - (starts[0] ?? 0)) < 0.001, text);
  }
});

test('a rendition is downloaded as one MP4 with its sound, complete and in step', async () => {
  const file = join(folder, 'download.mp4');
  const answer = await fetch(`${instance.url}/videos/${videoId}/download/v360.mp4`);
  assert.match(answer.headers.get('content-disposition') ?? '', /Ein%20Flu%C3%9F%2C%20%E5%B7%9D\.mp4$/);
  await writeFile(file, Buffer.from(await answer.arrayBuffer()));
  const text = await ffprobe(
    '-count_frames',
    '-show_entries',
    'stream=start_pts,nb_read_frames',
    '-of',
    'csv=p=0',
    file,
  );
  const [picture, sound] = text.split('\n').map((line) => line.split(',').map(Number));
  assert.deepEqual(picture, [0, FRAMES]);
  assert.deepEqual(sound, [0, Math.ceil((SECONDS * 48_000) / 1024)]);
});

test('the source comes back byte for byte, also in ranges', async () => {
  const original = await readFile(clip);
  const url = `${instance.url}/videos/${videoId}/source`;
  const whole = Buffer.from(await (await fetch(url)).arrayBuffer());
  assert.equal(sha256(whole), sha256(original));
  const part = await fetch(url, { headers: { range: 'bytes=1000-1999' } });
  assert.equal(part.status, 206);
  assert.deepEqual(Buffer.from(await part.arrayBuffer()), original.subarray(1000, 2000));
  assert.equal((await fetch(url, { headers: { range: `bytes=${original.length}-` } })).status, 416);
});

test('the same bytes as a form, under another name, are the same video', async () => {
  const form = new FormData();
  form.append('file', new Blob([await readFile(clip)], { type: 'video/mp4' }), 'again.mp4');
  const response = await fetch(`${instance.url}/upload`, { method: 'POST', body: form });
  assert.equal(response.status, 200);
  const answer = (await response.json()) as { id: string; created: boolean };
  assert.deepEqual([answer.id, answer.created], [videoId, false]);
  const { videos } = (await (await fetch(`${instance.url}/videos`)).json()) as { videos: unknown[] };
  assert.equal(videos.length, 1);
});

test('bytes that are no video fail with not_a_video', async () => {
  const text = join(folder, 'notes.mp4');
  await writeFile(text, 'These are words and no pictures.\n'.repeat(500));
  const { id } = await instance.upload(text, 'notes.mp4');
  const video = await instance.settled(id);
  assert.equal(video.state, 'failed');
  assert.equal(video.error?.code, 'not_a_video');
});

test('bad uploads are refused in words and leave nothing', async () => {
  const post = async (path: string, init: RequestInit) => {
    const response = await fetch(`${instance.url}${path}`, { method: 'POST', ...init });
    return [response.status, ((await response.json()) as { code: string }).code];
  };
  const digest = { 'repr-digest': `sha-256=:${Buffer.alloc(32).toString('base64')}:` };
  assert.deepEqual(await post('/upload', { body: '' }), [400, 'empty_upload']);
  assert.deepEqual(await post('/upload?filename=%00', { body: 'x' }), [400, 'bad_file_name']);
  assert.deepEqual(await post('/upload', { body: 'x', headers: digest }), [422, 'digest_mismatch']);
  assert.deepEqual(await post('/upload', { body: new FormData() }), [400, 'bad_request']);
  const { videos } = (await (await fetch(`${instance.url}/videos`)).json()) as { videos: { state: string }[] };
  assert.deepEqual(videos.map((video) => video.state).sort(), ['failed', 'ready']);
});

test('a second start says that it is running already', async () => {
  assert.match(await instance.command('up'), /running already at http:\/\/localhost/);
});

test('a killed child is started again', async () => {
  for (const child of ['worker-1', 'edge-1', 'orchestrator', 'public', 'postgres']) {
    const pid = await childPid(instance, child);
    process.kill(pid, 'SIGKILL');
    await eventually(`${child} runs again`, async () => (await childPid(instance, child)) !== pid);
  }
  const again = join(folder, 'again.mp4');
  await makeClip(again, { seconds: 2, audio: false });
  await eventually(
    'uploads work again',
    async () => (await fetch(`${instance.url}/health`).catch(() => undefined))?.ok ?? false,
  );
  const { id } = await instance.upload(again, 'again.mp4');
  assert.equal((await instance.settled(id)).state, 'ready');
});

test('stopping leaves no process; started again, everything still plays', async () => {
  await instance.stop();
  assert.deepEqual(await aliveProcesses(instance.data), []);
  assert.deepEqual((await instance.logs()).flatMap(wrongInLine), []);
  await instance.start();
  assert.deepEqual(await decodedFrames(`${instance.url}/play/${videoId}/index.m3u8`), [FRAMES, FRAMES]);
});

test('when the supervisor is killed its children end, and the next start works', async () => {
  instance.kill();
  await eventually('no process is left', async () => (await aliveProcesses(instance.data)).length === 0);
  await instance.start();
  assert.equal((await instance.video(videoId)).state, 'ready');
});

test('a deleted video is gone, its objects too', async () => {
  const response = await fetch(`${instance.url}/videos/${videoId}`, { method: 'DELETE' });
  assert.equal(response.status, 204);
  assert.equal((await fetch(`${instance.url}/videos/${videoId}`)).status, 404);
  await eventually('its playback ends', async () => {
    const answer = await fetch(`${instance.url}/play/${videoId}/index.m3u8`);
    return answer.status === 404;
  });
});

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
