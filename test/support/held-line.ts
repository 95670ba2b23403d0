import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A line to a server that can stop carrying what is sent, so that tests are surely in the middle of an upload. */
export class HeldLine {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Bytes that went towards the server. */
  sentBytes = 0;
  #holdAtBytes = Number.POSITIVE_INFINITY;

  private constructor(target: URL) {
    this.#server = createServer((near) => {
      const far = connect(Number(target.port), target.hostname);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(one);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          this.#sockets.delete(one);
          other.destroy();
        });
      }
      far.pipe(near);
      near.on('data', (bytes) => {
        this.sentBytes += bytes.byteLength;
        // The line itself keeps nothing: what was sent has reached the server, but for the buffers of its socket.
        if (!far.write(bytes) || this.isHeld) near.pause();
      });
      far.on('drain', () => {
        if (!this.isHeld) near.resume();
      });
    });
  }

  static async to(url: string): Promise<HeldLine> {
    const line = new HeldLine(new URL(url));
    line.#server.listen(0, '127.0.0.1');
    await once(line.#server, 'listening');
    return line;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get isHeld(): boolean {
    return this.sentBytes >= this.#holdAtBytes;
  }

  /** Counts from zero again, and carries only so much. */
  holdAfter(bytes: number): void {
    this.sentBytes = 0;
    this.#holdAtBytes = bytes;
    for (const socket of this.#sockets) socket.resume();
  }

  release(): void {
    this.holdAfter(Number.POSITIVE_INFINITY);
  }

  /** Breaks every connection, with what it still held. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
  }
}
