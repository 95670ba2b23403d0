import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { readPackets } from './read-packets.ts';
import { jumpsOf } from './stream-times.ts';

const read = (lines: readonly string[], hints?: Parameters<typeof readPackets>[1]) =>
  readPackets(Readable.from(lines.map((line) => `${line}\n`)), hints);

test('start, end and keyframe distance are found among reordered packets of two tracks', async () => {
  const times = await read([
    'stream_index=0|pts=0|dts=-20|duration=10|flags=K_',
    'stream_index=1|pts=5|dts=5|duration=3|flags=K_',
    'stream_index=0|pts=30|dts=-10|duration=10|flags=__',
    'stream_index=0|pts=10|dts=0|duration=10|flags=__',
    'stream_index=0|pts=40|dts=10|duration=10|flags=K_',
    'stream_index=0|pts=20|dts=20|duration=10|flags=__',
  ]);
  const { startTicks, endTicks, lastTicks, lastKeyframeTicks, keyframeTicks } = times.get(0)!;
  assert.deepEqual([startTicks, endTicks, lastTicks, lastKeyframeTicks, keyframeTicks], [0, 50, 40, 40, 40]);
  assert.equal(times.get(1)?.endTicks, 8);
});

test('packets that an edit list hides do not count', async () => {
  const times = await read([
    'stream_index=0|pts=-90|dts=-90|duration=10|flags=KD',
    'stream_index=0|pts=0|dts=0|duration=10|flags=__',
  ]);
  assert.deepEqual([times.get(0)?.startTicks, times.get(0)?.endTicks], [0, 10]);
});

test('where there is no presentation time the decoding time serves', async () => {
  const times = await read(['stream_index=0|pts=N/A|dts=7|duration=N/A|flags=K_', 'stream_index=0|flags=__', '']);
  assert.deepEqual([times.get(0)?.startTicks, times.get(0)?.endTicks, times.size], [7, 7, 1]);
});

const HINT = { ticksPerSecond: 10, reorderFrames: 0, jumpsAhead: true };
const steady = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `stream_index=0|pts=${from + i}|dts=${from + i}|duration=1|flags=K_`);

test('pictures without presentation times are shown when a decoder has put them in order', async () => {
  const lines = [0, 1, 2, 3].map((dts) => `stream_index=0|pts=N/A|dts=${dts}|duration=1|flags=K_`);
  const times = (await read(lines, new Map([[0, { ...HINT, reorderFrames: 2 }]]))).get(0);
  assert.deepEqual([times?.startTicks, times?.endTicks, times?.lateTicks], [2, 6, 2]);
});

test('times that start again, or jump ahead where they must not, begin another stretch', async () => {
  const lines = [...steady(100, 30), ...steady(20, 30), ...steady(5000, 30)];
  const spans = (hint = HINT) => read(lines, new Map([[0, hint]])).then((times) => times.get(0)?.spans);
  assert.deepEqual(await spans(), [
    { startTicks: 100, endTicks: 130 },
    { startTicks: 20, endTicks: 50 },
    { startTicks: 5000, endTicks: 5030 },
  ]);
  assert.deepEqual(await spans({ ...HINT, jumpsAhead: false }), [
    { startTicks: 100, endTicks: 130 },
    { startTicks: 20, endTicks: 5030 },
  ]);
});

test('of times that jump without end, no more is kept than shows that there are too many', async () => {
  const backAndForth = Array.from({ length: 5000 }, (_, i) => steady(i % 2 === 0 ? 1000 : 0, 1)).flat();
  const spans = (await read(backAndForth, new Map([[0, HINT]]))).get(0)!.spans;
  assert.ok(spans.length < 200, `${spans.length} stretches are kept`);
  assert.throws(() => jumpsOf(spans, { numerator: 1, denominator: 10 }), { code: 'source_unsupported' });
});

test('the busiest second is counted', async () => {
  const lines = [...steady(0, 3), ...steady(10, 7), ...steady(22, 2)];
  assert.equal((await read(lines, new Map([[0, HINT]]))).get(0)?.busiestPerSecond, 7);
});
