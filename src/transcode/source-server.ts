import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DomainError } from '../domain/errors.ts';
import type { LogEvent } from '../domain/log-events.ts';
import type { Clock, ObjectStore } from '../domain/ports.ts';
import { type ByteRange, parseRange, partsOfRange, type SourceRef } from '../domain/source.ts';
import type { Log } from '../lib/log.ts';
import { PartCache } from './part-cache.ts';

/** Small pieces, so that little is in flight when ffmpeg seeks away. */
const WRITE_BYTES = 256 * 1024;

export type LentSource = {
  readonly url: string;
  /** Throws what kept bytes from ffmpeg, if anything did: to ffmpeg it looks like the end of the file. */
  assertUnbroken(): void;
  [Symbol.dispose](): void;
};

type Lending = { readonly source: SourceRef; readonly log: Log<LogEvent> | undefined; failure?: unknown };

type Deps = { readonly store: Pick<ObjectStore, 'read'>; readonly clock: Clock; readonly newToken: () => string };

/**
 * The only thing that ffmpeg can reach: a server on the loopback address that reads a source from its parts,
 * with ranges. A source is known by an unguessable path, and only while a task works on it.
 */
export class SourceServer {
  readonly #lendings = new Map<string, Lending>();
  readonly #parts: PartCache;
  readonly #clock: Clock;
  readonly #newToken: () => string;
  readonly #server: Server;

  private constructor({ store, clock, newToken }: Deps) {
    this.#parts = new PartCache(store);
    this.#clock = clock;
    this.#newToken = newToken;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(deps: Deps): Promise<SourceServer> {
    const server = new SourceServer(deps);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.#server.once('error', reject);
    server.#server.listen(0, '127.0.0.1', resolve);
    await promise;
    return server;
  }

  /** @param log of the attempt that reads it: told how long it had to wait for the store */
  lend(source: SourceRef, log?: Log<LogEvent>): LentSource {
    const path = `/${this.#newToken()}`;
    const lending: Lending = { source, log };
    this.#lendings.set(path, lending);
    const { port } = this.#server.address() as AddressInfo;
    return {
      url: `http://127.0.0.1:${port}${path}`,
      assertUnbroken: () => {
        if (lending.failure !== undefined) throw lending.failure;
      },
      [Symbol.dispose]: () => void this.#lendings.delete(path),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = Promise.withResolvers<void>();
    this.#server.close(() => closed.resolve());
    this.#server.closeAllConnections();
    await closed.promise;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const lending = this.#lendings.get(request.url ?? '');
    if (!lending) return void response.writeHead(404).end();
    const range = writeHead(request, response, lending.source);
    if (!range || request.method === 'HEAD') return void response.end();
    try {
      await pipeline(Readable.from(this.#bytes(lending, range)), response);
    } catch (error) {
      // ffmpeg hangs up whenever it seeks; what the store could not give was noted where it happened.
      response.destroy(error instanceof Error ? error : undefined);
    }
  }

  async *#bytes(lending: Lending, range: ByteRange): AsyncGenerator<Uint8Array> {
    for (const piece of partsOfRange(range)) {
      const part = await this.#partOf(lending, piece.part);
      for (let at = piece.range.first; at <= piece.range.last; at += WRITE_BYTES) {
        yield part.subarray(at, Math.min(at + WRITE_BYTES, piece.range.last + 1));
      }
    }
  }

  async #partOf(lending: Lending, part: number): Promise<Uint8Array> {
    const startedMs = this.#clock.nowMs();
    const isHeld = this.#parts.has(lending.source, part);
    try {
      const bytes = await this.#parts.get(lending.source, part);
      const line = { part, bytes: bytes.byteLength, durationMs: this.#clock.nowMs() - startedMs };
      if (!isHeld) lending.log?.debug('source_part_read', line);
      return bytes;
    } catch (error) {
      lending.failure ??= error;
      throw error;
    }
  }
}

function writeHead(request: IncomingMessage, response: ServerResponse, source: SourceRef): ByteRange | undefined {
  const total = source.sizeBytes;
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('Content-Type', 'application/octet-stream');
  try {
    const range = parseRange(request.headers.range, total);
    if (range === 'whole') {
      response.writeHead(200, { 'Content-Length': total });
      return total === 0 ? undefined : { first: 0, last: total - 1 };
    }
    response.writeHead(206, {
      'Content-Length': range.last - range.first + 1,
      'Content-Range': `bytes ${range.first}-${range.last}/${total}`,
    });
    return range;
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    response.writeHead(416, { 'Content-Range': `bytes */${total}` });
    return undefined;
  }
}
