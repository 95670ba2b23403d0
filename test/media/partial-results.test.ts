import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initKey, segmentKey } from '../../src/domain/object-keys.ts';
import { planJob } from '../../src/domain/plan-job.ts';
import type { AudioSpec, EncodeResult, EncodeSpec } from '../../src/domain/tasks.ts';
import { encodeAudio } from '../../src/transcode/encode-audio.ts';
import { type EncodeDeps, encodeChunk } from '../../src/transcode/encode-chunk.ts';
import { MemoryObjectStore } from '../fakes/memory-object-store.ts';
import {
  joinRendition,
  lossless,
  type MediaBench,
  mediaBench,
  picturesOf,
  probe,
  TEST_DEADLINE_MS,
} from './media-bench.ts';
import { type LogLine, readableLog } from './worker-bench.ts';

const SECONDS = 13;
const withDeadline = { timeout: TEST_DEADLINE_MS };
const clip = [
  ...['-f', 'lavfi', '-i', 'testsrc2=s=640x360:r=25', '-f', 'lavfi', '-i', 'sine', '-t', String(SECONDS)],
  ...['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac'],
];

/** A clip whose picture is one chunk of four segments in two rungs, without loss, so that pictures can be compared. */
async function fixture(bench: MediaBench) {
  const source = await bench.keep(await bench.make('a.mp4', clip));
  const plan = lossless(planJob(await probe(source, bench)));
  const { grid, rungs, facts, audio } = plan;
  if (!grid || !facts.video) throw new Error('a clip without a picture');
  const of = { source, generation: 1 };
  const chunk = { chunk: 0, firstSegment: 0, firstFrame: 0, frames: grid.frames };
  const spec: EncodeSpec = { kind: 'encode', ...of, track: facts.video, grid, rungs, chunk };
  const sound: AudioSpec = { kind: 'audio', ...of, plan: audio[0]! };
  const videoOf = (rendition: string) => ({ videoId: source.videoId, generation: 1, rendition });
  const pictures = async (result: EncodeResult, rendition: string) =>
    picturesOf(await joinRendition({ plan, source, results: [result] }, rendition, bench));
  return { plan, spec, sound, videoOf, pictures, reference: await picturesOf(`${bench.folder}/a.mp4`) };
}

/** Nothing can be run there. */
const withoutFfmpeg = (deps: EncodeDeps): EncodeDeps => ({
  ...deps,
  sandbox: { ...deps.sandbox, prefix: ['/no/such/sandbox'] },
});

/** Aborts when so many segments stand. */
function diesAfter(segments: number, deps: EncodeDeps): EncodeDeps {
  const stop = new AbortController();
  let stored = 0;
  const putIfAbsent: EncodeDeps['store']['putIfAbsent'] = async (key, bytes, options) => {
    const outcome = await deps.store.putIfAbsent(key, bytes, options);
    if (key.endsWith('.m4s')) stored += 1;
    if (stored === segments) stop.abort(new Error('killed'));
    return outcome;
  };
  const { store } = deps;
  const calls = { put: store.put.bind(store), read: store.read.bind(store), head: store.head.bind(store) };
  return { ...deps, store: { ...calls, list: store.list.bind(store), putIfAbsent }, signal: stop.signal };
}

test('an attempt goes on where the one before was killed, frame by frame', withDeadline, async () => {
  await using bench = await mediaBench();
  const { spec, plan, pictures, reference } = await fixture(bench);
  await assert.rejects(encodeChunk(spec, diesAfter(4, bench.deps)), /killed/);
  const standing = bench.store.keys().filter((key) => key.endsWith('.m4s')).length;
  assert.ok(standing >= 4 && standing < 8, `${standing} segments stand`);
  const lines: LogLine[] = [];
  const result = await encodeChunk(spec, { ...bench.deps, log: readableLog(lines) });
  const countOf = (event: string): number => lines.filter((line) => line.event === event).length;
  assert.ok(countOf('segments_reused') >= 1);
  assert.ok(countOf('segment_stored') < 8, 'what was whole is not stored again');
  for (const { rendition, heightPx } of plan.rungs) {
    const made = await pictures(result, rendition);
    assert.deepEqual(
      made.map(({ ticks }) => ticks),
      reference.map((_, i) => (made[0]?.ticks ?? 0) + i * ((made[1]?.ticks ?? 0) - (made[0]?.ticks ?? 0))),
    );
    // Only the rung of the source's own size can be compared with it.
    if (heightPx === 360) assert.deepEqual(md5s(made), md5s(reference));
  }
});

test(
  'the rungs of an attempt that was killed and of one that was not show the same pictures',
  withDeadline,
  async () => {
    await using bench = await mediaBench();
    const { spec, plan, pictures } = await fixture(bench);
    await assert.rejects(encodeChunk(spec, diesAfter(3, bench.deps)), /killed/);
    const resumed = await encodeChunk(spec, bench.deps);
    const lowest = plan.rungs.at(-1)!.rendition;
    const after = await pictures(resumed, lowest);
    const store = new MemoryObjectStore();
    const undisturbed = await encodeChunk(spec, { ...bench.deps, store });
    const before = await pictures(undisturbed, lowest);
    assert.deepEqual(after, before);
  },
);

test('a chunk that is whole is reported again without running anything', withDeadline, async () => {
  await using bench = await mediaBench();
  const { spec, sound } = await fixture(bench);
  const results = [await encodeChunk(spec, bench.deps), await encodeAudio(sound, bench.deps)];
  const keys = bench.store.keys();
  const idle = withoutFfmpeg(bench.deps);
  assert.deepEqual([await encodeChunk(spec, idle), await encodeAudio(sound, idle)], results);
  assert.deepEqual(bench.store.keys(), keys);
});

for (const codec of ['hevc', 'av1'] as const)
  test(`what stands in ${codec} is found again, and a gap in it is filled`, withDeadline, async () => {
    await using bench = await mediaBench();
    const { spec, plan, videoOf } = await fixture(bench);
    const lowest = plan.rungs.at(-1)!;
    const rendition = `${lowest.rendition}-${codec}`;
    const chunk = { ...spec.chunk, frames: 2 * spec.grid.segmentFrames };
    const inCodec = { ...spec, chunk, rungs: [{ ...lowest, codec, rendition, crf: 32 }] };
    const first = await encodeChunk(inCodec, bench.deps);
    assert.deepEqual(await encodeChunk(inCodec, withoutFfmpeg(bench.deps)), first);
    const key = segmentKey({ ...videoOf(rendition), segment: 1 });
    await bench.store.delete(key);
    const again = await encodeChunk(inCodec, bench.deps);
    assert.deepEqual(again.renditions[0]?.initSha256, first.renditions[0]?.initSha256);
    assert.equal(again.renditions[0]?.segments.length, 2);
    assert.ok(await bench.store.head(key));
  });

test('only the gap is encoded, and what is no segment is replaced', withDeadline, async () => {
  await using bench = await mediaBench();
  const { spec, plan, videoOf, pictures, reference } = await fixture(bench);
  const first = await encodeChunk(spec, bench.deps);
  const [best, lowest] = [plan.rungs[0]!.rendition, plan.rungs.at(-1)!.rendition];
  await bench.store.delete(segmentKey({ ...videoOf(lowest), segment: 1 }));
  const torn = segmentKey({ ...videoOf(best), segment: 2 });
  const { bytes, contentType } = (await bench.store.read(torn))!;
  await bench.store.put(torn, bytes.subarray(0, bytes.length - 1), { contentType });
  const empty = segmentKey({ ...videoOf(lowest), segment: 2 });
  await bench.store.put(empty, new Uint8Array(0), { contentType });

  const lines: LogLine[] = [];
  const result = await encodeChunk(spec, { ...bench.deps, log: readableLog(lines) });
  const stored = lines.filter(({ event }) => event === 'segment_stored').map(({ fields }) => fields);
  const told = stored.map(({ rendition, segment, outcome }) => `${rendition} ${segment} ${outcome}`).sort();
  assert.deepEqual(told, [`${best} 2 replaced`, `${lowest} 1 stored`, `${lowest} 2 replaced`].sort());
  const wrong = lines.filter(({ event }) => event === 'segment_invalid').map(({ fields }) => fields.key);
  assert.deepEqual(wrong.sort(), [torn, empty].sort());
  assert.deepEqual(md5s(await pictures(result, best)), md5s(reference));
  assert.deepEqual(
    result.renditions.map(({ segments }) => segments.map(({ segment, durationTicks }) => [segment, durationTicks])),
    first.renditions.map(({ segments }) => segments.map(({ segment, durationTicks }) => [segment, durationTicks])),
  );
});

test('sound of which a segment is missing or wrong is made again, and nothing else changes', withDeadline, async () => {
  await using bench = await mediaBench();
  const { sound, videoOf } = await fixture(bench);
  const first = await encodeAudio(sound, bench.deps);
  const of = videoOf(sound.plan.rendition);
  const key = (segment: number) => segmentKey({ ...of, segment });
  const before = await Promise.all([0, 1, 2].map(async (segment) => (await bench.store.read(key(segment)))!.bytes));
  await bench.store.delete(key(1));
  await bench.store.put(key(2), Buffer.from('rubbish'), { contentType: 'video/iso.segment' });
  assert.deepEqual(await encodeAudio(sound, bench.deps), first);
  const after = await Promise.all([0, 1, 2].map(async (segment) => (await bench.store.read(key(segment)))!.bytes));
  assert.deepEqual(after.map(Buffer.from), before.map(Buffer.from));
});

test('an init that is none is replaced, and the segments beside it stay', withDeadline, async () => {
  await using bench = await mediaBench();
  const { spec, plan, videoOf, pictures, reference } = await fixture(bench);
  const first = await encodeChunk(spec, bench.deps);
  const best = plan.rungs[0]!.rendition;
  await bench.store.put(initKey(videoOf(best)), new Uint8Array(0), { contentType: 'video/mp4' });
  const result = await encodeChunk(spec, bench.deps);
  assert.deepEqual(result, first);
  assert.deepEqual(md5s(await pictures(result, best)), md5s(reference));
});

const md5s = (pictures: readonly { md5: string }[]): string[] => pictures.map(({ md5 }) => md5);
