import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AboutVideo } from '../../domain/about-video.ts';
import type { VideoId } from '../../domain/ids.ts';
import { PART_SIZE_BYTES } from '../../domain/source.ts';
import { highestGeneration, judgeVideo } from './judge-video.ts';
import type { StoredVideo } from './stored-videos.ts';

const VIDEO = '0123456789abcdef' as VideoId;
const stored = (sizes: Record<string, number>): StoredVideo => ({
  videoId: VIDEO,
  sizes: new Map(Object.entries(sizes).map(([name, size]) => [`videos/${VIDEO}/${name}`, size])),
});

const made = {
  rendition: 'v240',
  codec: 'avc1.64001e',
  timescale: 1000,
  initSha256: '',
  initSizeBytes: 7,
  segments: [
    { segment: 0, sizeBytes: 10, durationTicks: 4000 },
    { segment: 1, sizeBytes: 11, durationTicks: 4000 },
  ],
};
const published = { generation: 2, tasks: [{ spec: { kind: 'encode' }, result: { renditions: [made] } }] };
const about = (changes: object): AboutVideo =>
  ({ parts: [{ sizeBytes: 5, sha256: '' }], error: null, published: null, ...changes }) as unknown as AboutVideo;
const SEGMENTS = { 'g2/v240/init.mp4': 7, 'g2/v240/000000.m4s': 10, 'g2/v240/000001.m4s': 11 };
const SOURCE = { 'source/000000': 5 };

test('a published video of which every segment stands is as it was, also without its source', () => {
  assert.equal(judgeVideo(stored({ ...SEGMENTS, ...SOURCE }), about({ published })).verdict, 'as_it_was');
  assert.equal(judgeVideo(stored(SEGMENTS), about({ published })).verdict, 'as_it_was');
});

test('a published video that lacks a segment, or has one of another size, is processed again', () => {
  for (const wrong of [{ 'g2/v240/000001.m4s': 12 }, { 'g2/v240/init.mp4': 8 }]) {
    const verdict = judgeVideo(stored({ ...SEGMENTS, ...SOURCE, ...wrong }), about({ published }));
    assert.equal(verdict.verdict, 'process');
    assert.equal(verdict.verdict === 'process' && verdict.about?.published, null);
  }
  const { 'g2/v240/000000.m4s': _, ...fewer } = SEGMENTS;
  assert.equal(judgeVideo(stored({ ...fewer, ...SOURCE }), about({ published })).verdict, 'process');
});

test('without segments and without the whole source nothing is made of it', () => {
  assert.equal(judgeVideo(stored({ 'source/000000': 4 }), about({})).verdict, 'leave');
  assert.equal(judgeVideo(stored({}), about({ published })).verdict, 'leave');
  assert.equal(judgeVideo(stored({}), undefined).verdict, 'leave');
});

test('a failure stays a failure, and what was still to be published is processed', () => {
  assert.equal(judgeVideo(stored(SOURCE), about({ error: { code: 'not_a_video', message: '' } })).verdict, 'as_it_was');
  assert.equal(judgeVideo(stored(SOURCE), about({})).verdict, 'process');
});

test('a source without a file has ended where its last part is not a full one, or where it was published', () => {
  const full = { 'source/000000': PART_SIZE_BYTES };
  assert.equal(judgeVideo(stored({ ...full, 'source/000001': 5 }), undefined).verdict, 'process');
  assert.equal(judgeVideo(stored(full), undefined).verdict, 'leave');
  assert.equal(judgeVideo(stored({ ...full, 'index.m3u8': 1 }), undefined).verdict, 'process');
  assert.equal(judgeVideo(stored({ 'source/000000': 4, 'source/000001': 5 }), undefined).verdict, 'leave');
});

test('the highest generation is found whatever it holds', () => {
  assert.equal(highestGeneration(stored({ ...SEGMENTS, 'g11/images/poster.jpg': 1 })), 11);
  assert.equal(highestGeneration(stored(SOURCE)), 0);
});
