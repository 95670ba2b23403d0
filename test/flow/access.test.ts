import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VideoId } from '../../src/domain/ids.ts';
import { privateMarkKey } from '../../src/domain/object-keys.ts';
import { playbackGrant } from '../../src/domain/playback-grant.ts';
import { createTextSigner } from '../../src/lib/sign-text.ts';
import { publishVideo, SECRET, VIDEO } from '../fakes/playable-video.ts';
import { fixture } from '../support/playback-flow.ts';

/** Who may play a video: private ones, foreign pages, sessions of other videos. */
const SEGMENT = 'g1/v360/000000.m4s';
const OTHER = 'zzzzzzzzzzzzzzzz' as VideoId;
const MINUTE_MS = 60_000;

type Flow = Awaited<ReturnType<typeof fixture>>;

async function makePrivate({ stores }: Flow): Promise<void> {
  for (const store of stores)
    await store.put(privateMarkKey({ videoId: VIDEO }), Buffer.alloc(1), { contentType: 'text/plain' });
}

const grant = (flow: Flow, videoId = VIDEO, forMs = MINUTE_MS, secret = SECRET): string =>
  playbackGrant(videoId, flow.clock.nowMs() + forMs, createTextSigner(secret).sign);

const codeOf = async (response: Response): Promise<unknown> => [
  response.status,
  ((await response.json()) as { code: string }).code,
];

async function begin(flow: Flow, token: string): Promise<string> {
  const response = await flow.get(`/play/${VIDEO}/index.m3u8?token=${token}`);
  assert.equal(response.status, 302);
  return response.headers.get('location')!.replace(/\/index\.m3u8$/, '');
}

test('a private video plays for whoever has a playback token, until that expires, and for nobody else', async () => {
  await using flow = await fixture();
  await makePrivate(flow);
  const session = await begin(flow, grant(flow));
  assert.doesNotMatch(session, /token/);
  assert.equal((await flow.get(`${session}/${SEGMENT}`)).status, 200);
  const stranger = await flow.startSession();
  for (const rest of ['index.m3u8', 'g1/v360/index.m3u8', SEGMENT])
    assert.deepEqual(await codeOf(await flow.get(`${stranger}/${rest}`)), [403, 'playback_denied'], rest);
  flow.clock.advance(MINUTE_MS);
  assert.deepEqual(await codeOf(await flow.get(`${session}/${SEGMENT}`)), [403, 'bad_session']);
});

test('a playback token that is for another video, forged or expired begins no session', async () => {
  await using flow = await fixture();
  await makePrivate(flow);
  for (const token of [grant(flow, OTHER), grant(flow, VIDEO, MINUTE_MS, 'another secret'), grant(flow, VIDEO, 0), 'x'])
    assert.deepEqual(await codeOf(await flow.get(`/play/${VIDEO}/index.m3u8?token=${token}`)), [
      403,
      'playback_denied',
    ]);
});

test('a video that becomes private while it plays stops within seconds, also what is cached', async () => {
  await using flow = await fixture();
  const session = await flow.startSession();
  assert.equal((await flow.get(`${session}/${SEGMENT}`)).status, 200);
  await makePrivate(flow);
  flow.clock.advance(4000);
  assert.equal((await flow.get(`${session}/${SEGMENT}`)).status, 403);
});

test('a stray request of somebody else does not slip into a session that took a token', async () => {
  await using flow = await fixture();
  await makePrivate(flow);
  await begin(flow, grant(flow));
  const stray = await flow.get(`/play/${VIDEO}/${SEGMENT}`);
  assert.equal(stray.status, 302);
  assert.equal((await flow.get(stray.headers.get('location')!)).status, 403);
});

test('an image outside of a session comes with a token, also after the same player began without one', async () => {
  await using flow = await fixture();
  await makePrivate(flow);
  await flow.startSession();
  const stray = await flow.get(`/play/${VIDEO}/${SEGMENT}?token=${grant(flow)}`);
  assert.equal((await flow.get(stray.headers.get('location')!)).status, 200);
});

test('a session opens no other video, whether or not it took a token', async () => {
  await using flow = await fixture();
  for (const store of flow.stores) await publishVideo(store, OTHER);
  for (const session of [await flow.startSession(), await begin(flow, grant(flow))])
    assert.deepEqual(await codeOf(await flow.get(`${session.replace(VIDEO, OTHER)}/${SEGMENT}`)), [403, 'bad_session']);
});

test('where origins are listed, pages of others may not play, and the answer names the one that asked', async () => {
  await using flow = await fixture({ origins: ['https://tv.example'] });
  const url = `${await flow.startSession()}/${SEGMENT}`;
  const from = (origin: string, path: string, method = 'GET') => flow.get(path, { method, headers: { origin } });
  const allowed = await from('https://tv.example', url);
  assert.deepEqual(
    [allowed.status, allowed.headers.get('access-control-allow-origin'), allowed.headers.get('vary')],
    [200, 'https://tv.example', 'Origin'],
  );
  assert.equal((await from('https://tv.example', url, 'OPTIONS')).status, 204);
  for (const path of [url, `/play/${VIDEO}/index.m3u8`])
    for (const origin of ['https://tv.example.evil.example', 'http://tv.example', 'null'])
      assert.deepEqual(await codeOf(await from(origin, path)), [403, 'origin_refused'], origin);
  assert.equal((await flow.get(url)).status, 200, 'a player that is no page');
});
