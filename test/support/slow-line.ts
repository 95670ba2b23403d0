import { connect, createServer, type Server, type Socket } from 'node:net';
import { listenOn } from '../../src/lib/listen.ts';

type Pair = { readonly near: Socket; readonly far: Socket };

/** Bytes go over the line this often. */
const TICK_MS = 20;

/**
 * A network between a router and one edge that carries so many bytes a second on each connection, towards the router,
 * and can fall silent or be lost together with what was under way on it. Without it everything that an edge ever sent
 * is safe in buffers of this machine at once, and nothing is in the middle of anything.
 */
export class SlowLine {
  readonly url: string;
  readonly #server: Server;
  readonly #bytesPerSecond: number;
  readonly #pairs = new Set<Pair>();
  #isSilent = false;

  private constructor(server: Server, url: string, bytesPerSecond: number) {
    this.#server = server;
    this.url = url;
    this.#bytesPerSecond = bytesPerSecond;
  }

  static async to(edgeUrl: string, bytesPerSecond: number): Promise<SlowLine> {
    const { hostname, port } = new URL(edgeUrl);
    const server = createServer({ noDelay: true }, (near) => line.#carry(near, connect(Number(port), hostname)));
    const line: SlowLine = new SlowLine(server, await listenOn(server, 0, '127.0.0.1'), bytesPerSecond);
    return line;
  }

  /** Nothing passes any more, and nobody is told. */
  fallSilent(): void {
    this.#isSilent = true;
  }

  speak(): void {
    this.#isSilent = false;
  }

  /** Every connection breaks, and with it what was under way. */
  lose(): void {
    for (const { near, far } of this.#pairs) {
      near.resetAndDestroy();
      far.destroy();
    }
  }

  [Symbol.dispose](): void {
    this.#server.close();
    this.lose();
  }

  #carry(near: Socket, far: Socket): void {
    const pair = { near, far };
    this.#pairs.add(pair);
    near.on('data', (bytes) => void (this.#isSilent || far.write(bytes)));
    const queue: Buffer[] = [];
    far.on('data', (bytes) => {
      queue.push(bytes);
      far.pause();
    });
    const timer = setInterval(() => this.#pass(queue, pair), TICK_MS);
    const end = (): void => {
      clearInterval(timer);
      this.#pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    // An error comes as 'close', too.
    for (const socket of [near, far]) socket.on('error', () => {}).once('close', end);
  }

  #pass(queue: Buffer[], { near, far }: Pair): void {
    if (this.#isSilent) return;
    let left = (this.#bytesPerSecond * TICK_MS) / 1000;
    while (left > 0) {
      const next = queue.shift();
      if (!next) break;
      near.write(next.subarray(0, left));
      if (next.length > left) queue.unshift(next.subarray(left));
      left -= next.length;
    }
    if (queue.length === 0) far.resume();
  }
}
