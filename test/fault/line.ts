import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { listenOn } from '../../src/lib/listen.ts';

/**
 * A network cable between a worker and an orchestrator. While it is cut nothing passes and nobody is told: no data,
 * no end, no reset, as when a host loses its network.
 */
export class Line {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #isCut = false;

  private constructor(port: number) {
    this.#server = createServer((near) => {
      const pair = new Pair(near, port, () => this.#pairs.delete(pair));
      this.#pairs.add(pair);
      if (this.#isCut) pair.cut();
      else pair.mend();
    });
  }

  static async to(port: number): Promise<Line> {
    const line = new Line(port);
    await listenOn(line.#server, 0, '127.0.0.1');
    return line;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the line is not open');
    return `http://127.0.0.1:${address.port}`;
  }

  cut(): void {
    this.#isCut = true;
    for (const pair of this.#pairs) pair.cut();
  }

  /** What was sent meanwhile arrives now, late, as it does when a network comes back. */
  mend(): void {
    if (!this.#isCut) return;
    this.#isCut = false;
    for (const pair of this.#pairs) pair.mend();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pair of this.#pairs) pair.end();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** Both halves of one connection. The far one is made when the line first carries something. */
class Pair {
  readonly #near: Socket;
  readonly #port: number;
  readonly #onEnd: () => void;
  #far: Socket | undefined;
  #isCut = false;
  #isOver = false;

  constructor(near: Socket, port: number, onEnd: () => void) {
    this.#near = near.pause();
    this.#port = port;
    this.#onEnd = onEnd;
    this.#watch(near);
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of [this.#near, this.#far]) socket?.unpipe().pause();
  }

  mend(): void {
    this.#isCut = false;
    if (this.#isOver) this.end();
    else this.#carry();
  }

  #carry(): void {
    if (!this.#far) {
      this.#far = connect(this.#port, '127.0.0.1');
      this.#watch(this.#far);
    }
    this.#near.pipe(this.#far);
    this.#far.pipe(this.#near);
  }

  end(): void {
    this.#near.destroy();
    this.#far?.destroy();
    this.#onEnd();
  }

  /** The end of one half is passed on as everything else is: not while the line is cut. */
  #watch(socket: Socket): void {
    // A reset is followed by close, and the other half is told then.
    socket.on('error', () => {});
    socket.once('close', () => {
      this.#isOver = true;
      if (!this.#isCut) this.end();
    });
  }
}
