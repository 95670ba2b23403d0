import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { readPackets } from './read-packets.ts';

const read = (lines: readonly string[]) => readPackets(Readable.from(lines.map((line) => `${line}\n`)));

test('start, end and keyframe distance are found among reordered packets of two tracks', async () => {
  const times = await read([
    'stream_index=0|pts=0|dts=-20|duration=10|flags=K_',
    'stream_index=1|pts=5|dts=5|duration=3|flags=K_',
    'stream_index=0|pts=30|dts=-10|duration=10|flags=__',
    'stream_index=0|pts=10|dts=0|duration=10|flags=__',
    'stream_index=0|pts=40|dts=10|duration=10|flags=K_',
    'stream_index=0|pts=20|dts=20|duration=10|flags=__',
  ]);
  assert.deepEqual(times.get(0), {
    startTicks: 0,
    endTicks: 50,
    lastTicks: 40,
    lastKeyframeTicks: 40,
    keyframeTicks: 40,
  });
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
