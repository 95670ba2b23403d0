import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { makeTrace, replay } from '../support/edge-replay.ts';

/** A small form of bench/edge-replay.ts: a new trace at each run, its seed in every message. */
const seed = randomInt(2 ** 31);
const trace = makeTrace({ seed, videos: 100, sessions: 300, scans: 20, hours: 1 });
const EDGES = 2;
/** A tenth of all bytes. */
const base = {
  edges: EDGES,
  cacheBytes: Math.floor(trace.totalBytes / 10 / EDGES),
  isReadAheadOn: true,
  hasAffinity: true,
};

test(`viewers who play on wait for no segment after their first one (seed ${seed})`, async () => {
  const seen = await replay(trace, base);
  assert.equal(seen.laterMisses, 0);
  assert.ok(seen.byteHitRatio > 0.95, `byte hit ratio ${seen.byteHitRatio}`);
});

test(`read-ahead and one edge for each video both raise the byte hit ratio (seed ${seed})`, async () => {
  const neither = await replay(trace, { ...base, isReadAheadOn: false, hasAffinity: false });
  const affinity = await replay(trace, { ...base, isReadAheadOn: false });
  const both = await replay(trace, base);
  const ratios = [neither, affinity, both].map(({ byteHitRatio }) => byteHitRatio);
  assert.deepEqual(
    ratios.toSorted((a, b) => a - b),
    ratios,
  );
  assert.ok(neither.laterMisses > affinity.laterMisses && affinity.laterMisses > 0);
});
