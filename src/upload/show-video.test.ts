import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../test/fakes/manual-clock.ts';
import { SECRET, VIDEO } from '../../test/fakes/playable-video.ts';
import type { VideoId } from '../domain/ids.ts';
import { playbackGrant, readPlaybackGrant } from '../domain/playback-grant.ts';
import type { VideoResource } from '../domain/video-resource.ts';
import { createTextSigner } from '../lib/sign-text.ts';
import { createShowVideo } from './show-video.ts';

const HOUR_MS = 3_600_000;
const signer = createTextSigner(SECRET);
const video = (visibility: 'public' | 'private'): VideoResource => ({
  id: VIDEO,
  title: 'Mine',
  state: 'ready',
  visibility,
  createdAt: '2026-01-01T00:00:00.000Z',
  source: {
    filename: 'mine.mp4',
    contentType: 'video/mp4',
    sizeBytes: 1,
    contentId: null,
    durationSeconds: null,
    widthPx: null,
    heightPx: null,
    frameRate: null,
  },
  job: null,
  renditions: [],
  playback: {
    hls: `/play/${VIDEO}/index.m3u8`,
    dash: null,
    poster: `/play/${VIDEO}/g1/images/poster.jpg`,
    storyboard: null,
  },
  error: null,
});

function fixture() {
  const clock = new ManualClock();
  return { clock, show: createShowVideo({ clock, playbackSigner: signer }) };
}
const tokenIn = (shown: VideoResource | undefined): string => shown?.playback?.hls.split('?token=')[1] ?? '';

test('a public video is shown to everybody as it is', () => {
  const { show } = fixture();
  const shown = video('public');
  for (const hasKey of [true, false]) assert.equal(show(shown, { hasKey, token: undefined }), shown);
});

test('with a key a private video is shown with addresses that play for hours, the same ones for hours', () => {
  const { clock, show } = fixture();
  const viewer = { hasKey: true, token: undefined };
  const shown = show(video('private'), viewer);
  const nowMs = clock.nowMs();
  const untilMs = readPlaybackGrant(tokenIn(shown), VIDEO, { matches: signer.matches, nowMs });
  assert.ok(untilMs >= nowMs + 6 * HOUR_MS && untilMs <= nowMs + 12 * HOUR_MS);
  assert.match(shown?.playback?.poster ?? '', /poster\.jpg\?token=/);
  assert.equal(shown?.playback?.dash, null);
  const seen = new Set<string>();
  for (let hour = 0; hour < 12; hour++) {
    seen.add(tokenIn(show(video('private'), viewer)));
    clock.advance(HOUR_MS);
  }
  assert.ok(seen.size <= 3, `${seen.size} tokens in twelve hours`);
});

test('a guest sees a private video with a token for it, and is given that and no newer one', () => {
  const { clock, show } = fixture();
  const token = playbackGrant(VIDEO, clock.nowMs() + HOUR_MS, signer.sign);
  const guest = { hasKey: false, token };
  assert.equal(tokenIn(show(video('private'), guest)), token);
  clock.advance(HOUR_MS);
  assert.equal(show(video('private'), guest), undefined);
});

test('nothing else opens it', () => {
  const { clock, show } = fixture();
  const untilMs = clock.nowMs() + HOUR_MS;
  const ofAnother = playbackGrant('zzzzzzzzzzzzzzzz' as VideoId, untilMs, signer.sign);
  const forged = playbackGrant(VIDEO, untilMs, createTextSigner('another secret').sign);
  for (const token of [undefined, '', 'x', ofAnother, forged])
    assert.equal(show(video('private'), { hasKey: false, token }), undefined, token);
});
