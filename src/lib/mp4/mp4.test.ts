import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { boxesIn, findBox, makeBox, uint32 } from './box.ts';
import { readBoxes, type StreamedBox } from './box-stream.ts';
import { makeMoof, readFragment } from './fragment.ts';
import { readTrack } from './track.ts';

const FRAGMENTED = ['-f', 'mp4', '-movflags', '+cmaf+frag_keyframe+delay_moov+skip_trailer', '-use_editlist', '0'];
const ffmpeg = (args: readonly string[]): Buffer =>
  execFileSync('ffmpeg', ['-nostdin', '-v', 'error', ...args, ...FRAGMENTED, 'pipe:1'], {
    maxBuffer: 1 << 24,
    // SVT-AV1 introduces itself there.
    stdio: ['ignore', 'pipe', 'ignore'],
  });
const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-profile:v', 'baseline', '-g', '10', '-threads', '1'];
const videoFile = (): Buffer =>
  ffmpeg(['-f', 'lavfi', '-i', 'testsrc2=s=64x48:r=25', '-frames:v', '25', ...x264, '-video_track_timescale', '25000']);
const x265 = ['-c:v', 'libx265', '-preset', 'ultrafast', '-tag:v', 'hvc1', '-x265-params', 'log-level=error'];
const codecFile = (format: string, ...encoder: string[]): Buffer =>
  ffmpeg(['-f', 'lavfi', '-i', 'testsrc2=s=640x360:r=25', '-frames:v', '2', '-pix_fmt', format, ...encoder]);
const audioFile = (): Buffer => ffmpeg(['-f', 'lavfi', '-i', 'sine=r=48000', '-t', '0.2', '-c:a', 'aac']);

async function* pieces(bytes: Buffer, sizeBytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += sizeBytes) yield bytes.subarray(at, at + sizeBytes);
}
const boxesOf = async (bytes: Buffer, sizeBytes = 65_536): Promise<StreamedBox[]> =>
  Array.fromAsync(readBoxes(pieces(bytes, sizeBytes)));

test('the same boxes come out however the bytes arrive', async () => {
  const file = videoFile();
  const expected = [...boxesIn(file)].map((box) => box.type);
  assert.deepEqual(expected.slice(0, 4), ['ftyp', 'moov', 'moof', 'mdat']);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 5000 }), async (sizeBytes) => {
      const boxes = await boxesOf(file, sizeBytes);
      assert.deepEqual(
        boxes.map((box) => box.type),
        expected,
      );
      assert.ok(Buffer.concat(boxes.map((box) => box.bytes)).equals(file));
    }),
    { numRuns: 40 },
  );
});

test('a stream that ends inside a box is an error', async () => {
  const file = videoFile();
  await assert.rejects(boxesOf(file.subarray(0, file.length - 1)), /ends inside a box/);
});

test('a box of an absurd size is refused before its bytes are collected', async () => {
  const header = Buffer.concat([uint32(0x7fffffff), Buffer.from('mdat')]);
  await assert.rejects(boxesOf(header), /MP4 box of 2147483647 bytes/);
});

test('a box that claims fewer bytes than its header is an error', async () => {
  await assert.rejects(boxesOf(Buffer.concat([uint32(7), Buffer.from('mdat')])), /broken MP4 box/);
});

test('a box with a 64-bit size is read', async () => {
  const box = Buffer.concat([uint32(1), Buffer.from('mdat'), uint32(0, 19), Buffer.from('abc')]);
  assert.deepEqual(await boxesOf(box, 5), [{ type: 'mdat', bytes: box }]);
});

test('timescale and codec are read from what ffmpeg wrote', () => {
  assert.deepEqual(readTrack(videoFile()), { timescale: 25_000, codec: 'avc1.42c00a' });
  assert.deepEqual(readTrack(audioFile()), { timescale: 48_000, codec: 'mp4a.40.2' });
  assert.equal(readTrack(codecFile('yuv420p', ...x265)).codec, 'hvc1.1.6.L63.90');
  assert.equal(readTrack(codecFile('yuv420p10le', ...x265)).codec, 'hvc1.2.4.L63.90');
  assert.equal(readTrack(codecFile('yuv420p', '-c:v', 'libsvtav1', '-preset', '12')).codec, 'av01.0.01M.08');
});

test('every frame of a fragment is found, with its length and whether it is a keyframe', async () => {
  const boxes = await boxesOf(videoFile());
  const fragments = boxes.filter((box) => box.type === 'moof').map((box) => readFragment(box.bytes));
  assert.deepEqual(
    fragments.map(({ decodeTicks, samples }) => [decodeTicks, samples.length, samples.map((s) => +s.isSync).join('')]),
    [
      [0, 10, '1000000000'],
      [10_000, 10, '1000000000'],
      [20_000, 5, '10000'],
    ],
  );
  const data = boxes.filter((box) => box.type === 'mdat');
  for (const [i, { samples }] of fragments.entries()) {
    assert.ok(samples.every((sample) => sample.durationTicks === 1000 && sample.offsetTicks === 0));
    assert.equal(
      samples.reduce((sum, sample) => sum + sample.sizeBytes, 8),
      data[i]?.bytes.length,
    );
  }
});

test('a moof that we make says what it holds, and where its mdat begins', () => {
  const sample = fc.record({
    durationTicks: fc.integer({ min: 1, max: 1024 }),
    sizeBytes: fc.nat(5000),
    offsetTicks: fc.nat(5000),
  });
  const ticks = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
  const list = fc.array(sample, { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(list, ticks, fc.boolean(), (fields, decodeTicks, areAllSync) => {
      const samples = fields.map((one, i) => ({ ...one, isSync: i === 0 || areAllSync }));
      const moof = makeMoof({ sequence: 4711, decodeTicks, samples });
      assert.deepEqual(readFragment(moof), { decodeTicks, samples });
      assert.equal(moof.readUInt32BE(findBox(moof, 'moof/mfhd')!.body + 4), 4711);
      const trun = findBox(moof, 'moof/traf/trun')!;
      assert.equal(moof.readUInt32BE(trun.body + 8), moof.length + 8);
    }),
  );
});

test('what is no box is an error and not a loop', () => {
  assert.throws(() => [...boxesIn(Buffer.alloc(64))], /broken MP4 box/);
  assert.throws(() => [...boxesIn(makeBox('free').subarray(0, 7))], /broken MP4 box/);
});
