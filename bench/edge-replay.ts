/**
 * Replays a seeded trace of viewers to edges in virtual time, and prints how much of it came from memory: with and
 * without read-ahead, with and without all sessions of a video at one edge, and with a plain LRU for comparison.
 *
 *   node bench/edge-replay.ts [--seed 1] [--videos 300] [--sessions 3000] [--scans 60]
 */
import { parseArgs } from 'node:util';
import { LRUCache } from 'lru-cache';
import type { CachedObject, SegmentCache } from '../src/serve/segment-cache.ts';
import { makeTrace, type ReplayOptions, replay } from '../test/support/edge-replay.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    videos: { type: 'string', default: '300' },
    sessions: { type: 'string', default: '3000' },
    scans: { type: 'string', default: '60' },
    hours: { type: 'string', default: '6' },
  },
});

const [seed, videos, sessions] = [Number(values.seed), Number(values.videos), Number(values.sessions)];
const trace = makeTrace({ seed, videos, sessions, scans: Number(values.scans), hours: Number(values.hours) });
const EDGES = 2;
/** A tenth of all bytes, shared out. */
const base = {
  edges: EDGES,
  cacheBytes: Math.floor(trace.totalBytes / 10 / EDGES),
  isReadAheadOn: true,
  hasAffinity: true,
};
const runs: Readonly<Record<string, ReplayOptions>> = {
  neither: { ...base, isReadAheadOn: false, hasAffinity: false },
  affinity: { ...base, isReadAheadOn: false },
  'read-ahead': { ...base, hasAffinity: false },
  both: base,
  'affinity, plain LRU': { ...base, isReadAheadOn: false, makeCache: plainLru },
  'both, plain LRU': { ...base, makeCache: plainLru },
};

console.log(
  `seed ${seed}: ${videos} videos of ${gigabytes(trace.totalBytes)}, ${sessions} sessions, ${values.scans} scans, ` +
    `${trace.requests.length} requests; ${EDGES} edges of ${gigabytes(base.cacheBytes)}`,
);
console.log('| | hit ratio | byte hit ratio | later misses | store reads | store bytes ÷ bytes sent to viewers |');
console.log('|---|---|---|---|---|---|');
for (const [name, options] of Object.entries(runs)) {
  const seen = await replay(trace, options);
  const cells = [name, ratio(seen.hitRatio), ratio(seen.byteHitRatio), seen.laterMisses, seen.storeReads];
  console.log(`| ${[...cells, ratio(seen.storeBytes / seen.bytes)].join(' | ')} |`);
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

function ratio(part: number): string {
  return part.toFixed(3);
}

/** What the edge had before: whatever was used last stays. */
function plainLru(maxSize: number): SegmentCache {
  const lru = new LRUCache<string, { object: CachedObject; isAhead: boolean }>({
    maxSize,
    sizeCalculation: ({ object }) => object.bytes.length + 1024,
  });
  return {
    get: (key) => {
      const entry = lru.get(key);
      if (!entry) return undefined;
      const { object, isAhead } = entry;
      entry.isAhead = false;
      return { object, cache: isAhead ? 'prefetched' : 'hit' };
    },
    peek: (key) => lru.peek(key)?.object,
    refresh: (key) => void lru.get(key),
    set: (key, object, { isAhead } = { isAhead: false }) => void lru.set(key, { object, isAhead }),
    delete: (key) => void lru.delete(key),
    dropVideo: () => {},
    get sizeBytes() {
      return lru.calculatedSize;
    },
    get count() {
      return lru.size;
    },
  };
}
