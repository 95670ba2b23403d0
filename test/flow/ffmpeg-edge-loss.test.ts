import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { VIDEO } from '../fakes/playable-video.ts';
import { type EdgeFleet, startFleet } from '../support/edge-fleet.ts';
import { eventually } from '../support/eventually.ts';
import { framesIn, publishMovingVideo } from '../support/moving-video.ts';

/** ffmpeg gives up on a segment that breaks off and goes on without it, silently: its frames are counted. */
const VIDEO_SECONDS = 30;
/** Twice what the video needs: ffmpeg reads as fast as it gets, so the whole takes about 15 s. */
const BYTES_PER_SECOND = 200_000;
const DEADLINE_MS = 120_000;

let fleet: EdgeFleet;
before(async () => {
  const publish = (store: Parameters<typeof publishMovingVideo>[0]) => publishMovingVideo(store, VIDEO, VIDEO_SECONDS);
  fleet = await startFleet({ edges: 3, publish, bytesPerSecond: BYTES_PER_SECOND });
});
after(async () => {
  await fleet?.[Symbol.asyncDispose]();
});

/** Decodes the whole playlist; resolves to how many frames that were. */
async function countFrames(url: string): Promise<number> {
  const args = ['-nostdin', '-v', 'error', '-xerror', '-i', url, '-map', '0:v', '-f', 'framemd5', '-'];
  const child = spawn('ffmpeg', args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: DEADLINE_MS });
  let [frames, trouble] = ['', ''];
  child.stdout.on('data', (text) => (frames += text));
  child.stderr.on('data', (text) => (trouble += text));
  await once(child, 'close');
  assert.equal(trouble, '');
  return frames.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
}

const named = (event: string) => fleet.lines.filter((line) => line.event === event);

for (const loss of ['killed', 'silent'] as const) {
  test(`ffmpeg decodes every frame while its edge is ${loss} in the middle of a segment`, async () => {
    await fleet.allHealthy();
    const [movesBefore, answersBefore] = [named('session_reassigned').length, named('playback_proxied').length];
    const counted = countFrames(`${fleet.url}/play/${VIDEO}/index.m3u8`);
    await eventually('some segments were read', () => named('playback_proxied').length >= answersBefore + 6);
    const edge = fleet.edge(String(named('playback_proxied').at(-1)?.edge));
    if (loss === 'killed') {
      fleet.line(edge.name).lose();
      await edge.kill();
    } else {
      fleet.line(edge.name).fallSilent();
      edge.freeze();
    }
    assert.equal(await counted, framesIn(VIDEO_SECONDS));
    fleet.line(edge.name).speak();
    edge.thaw();
    await edge.up();
    const moves = named('session_reassigned').slice(movesBefore);
    // ffmpeg reads a segment and the next one at once, over two connections.
    assert.ok(moves.length > 0);
    for (const { from } of moves) assert.equal(from, edge.name);
    const inMiddle = moves.filter(({ reason }) => reason === (loss === 'killed' ? 'reset' : 'stalled'));
    assert.ok(
      inMiddle.some(({ bytes }) => Number(bytes) > 0),
      'it was not in the middle of a segment',
    );
  });
}
