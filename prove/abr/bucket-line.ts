import { connect, createServer, type Socket } from 'node:net';
import { listenOn } from '../../src/lib/listen.ts';
import type { Line } from './line.ts';
import { TokenBucket } from './token-bucket.ts';

/** Bytes go over the line this often. */
const TICK_MS = 10;
/**
 * A tick may come so late without loss. Counted in bytes, a burst could hold a whole segment of a low rung: those then
 * came at once, and players took a slow line for a fast one.
 */
const BURST_MS = 40;

/** Sockets of one connection, and what came from the platform and has not passed yet: one read of a socket at most. */
type Pair = { readonly near: Socket; readonly far: Socket; waiting: Buffer };

/** A relay with one token bucket over all its connections, towards the player. */
export async function openBucketLine(targetUrl: string): Promise<Line> {
  const { hostname, port } = new URL(targetUrl);
  const bucket = new TokenBucket({ bytesPerSecond: 0, burstMs: BURST_MS, nowMs: performance.now() });
  const pairs = new Set<Pair>();
  const server = createServer({ noDelay: true }, (near) => {
    const pair = joined(near, connect(Number(port), hostname), () => pairs.delete(pair));
    pairs.add(pair);
  });
  const timer = setInterval(() => passAll(pairs, bucket), TICK_MS);
  return {
    kind: 'a token bucket',
    url: await listenOn(server, 0, '127.0.0.1'),
    give: async (bitsPerSecond) => bucket.setRate(bitsPerSecond / 8, performance.now()),
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      for (const { near } of pairs) near.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function joined(near: Socket, far: Socket, onEnd: () => void): Pair {
  const pair: Pair = { near, far, waiting: Buffer.alloc(0) };
  near.pipe(far);
  far.on('data', (bytes) => {
    pair.waiting = bytes;
    far.pause();
  });
  const end = (): void => {
    near.destroy();
    far.destroy();
    onEnd();
  };
  // An error comes as 'close', too.
  for (const socket of [near, far]) socket.on('error', () => {}).once('close', end);
  return pair;
}

/** By turns in equal shares; a share that is not used is offered to the next one. */
function passAll(pairs: ReadonlySet<Pair>, bucket: TokenBucket): void {
  const ready = [...pairs].filter(({ waiting, near }) => waiting.length > 0 && !near.writableNeedDrain);
  ready.sort((a, b) => a.waiting.length - b.waiting.length);
  const nowMs = performance.now();
  let left = bucket.take(
    ready.reduce((sum, { waiting }) => sum + waiting.length, 0),
    nowMs,
  );
  for (const [i, pair] of ready.entries()) {
    const share = Math.min(pair.waiting.length, Math.ceil(left / (ready.length - i)));
    left -= share;
    pair.near.write(pair.waiting.subarray(0, share));
    pair.waiting = pair.waiting.subarray(share);
    if (pair.waiting.length === 0) pair.far.resume();
  }
}
