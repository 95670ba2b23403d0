import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createIngestRecords } from '../../src/adapters/ingest-records.ts';
import { createUploadRecords } from '../../src/adapters/upload-records.ts';
import { createVideoRecords } from '../../src/adapters/video-records.ts';
import type { UploadId, VideoId } from '../../src/domain/ids.ts';
import type { IngestRecords } from '../../src/domain/ingest-records.ts';
import type { ObjectStore, VideoRecords } from '../../src/domain/ports.ts';
import type { VideoResource } from '../../src/domain/video-resource.ts';
import { Bell } from '../../src/lib/bell.ts';
import type { Address } from '../../src/lib/guarded-lookup.ts';
import { type IngestDeps, runIngest } from '../../src/upload/ingest/run-ingest.ts';
import { startIngest } from '../../src/upload/ingest/start-ingest.ts';
import { PartPool } from '../../src/upload/part-pool.ts';
import { UploadLocks } from '../../src/upload/upload-locks.ts';
import { capturedLog } from '../fakes/captured-log.ts';
import { listening } from '../fakes/listening.ts';
import { MemoryObjectStore } from '../fakes/memory-object-store.ts';
import type { TestDatabase } from './database.ts';
import { newVideoId } from './job-world.ts';

export type IngestOptions = {
  readonly store?: ObjectStore;
  readonly isAllowed?: (address: string) => boolean;
  readonly resolve?: (hostname: string) => Promise<Address[]>;
  readonly idleMs?: number;
  readonly maxBytes?: number;
  readonly deadlineMs?: number;
};

const LEASE_MS = 4_000;

/** One process that fetches sources, as far as a test lets it. Retries come at once. */
export class IngestWorld {
  readonly store: ObjectStore;
  readonly records: VideoRecords;
  readonly lines: ReturnType<typeof capturedLog>['lines'];
  readonly #ingests: IngestRecords;
  readonly #deps: IngestDeps;
  readonly #deadlineMs: number;

  constructor({ db }: TestDatabase, options: IngestOptions = {}) {
    const { log, lines } = capturedLog();
    const clock = { nowMs: () => Date.now() };
    const uploads = createUploadRecords({ db, leaseMs: LEASE_MS, expiryMs: 60_000 });
    this.lines = lines;
    this.store = options.store ?? new MemoryObjectStore();
    this.records = createVideoRecords(db);
    this.#ingests = createIngestRecords({ db, leaseMs: LEASE_MS });
    this.#deadlineMs = options.deadlineMs ?? 60_000;
    this.#deps = {
      store: this.store,
      records: this.records,
      uploads,
      ingests: this.#ingests,
      isAllowed: options.isAllowed ?? (() => true),
      resolve: options.resolve ?? (async () => [{ address: '127.0.0.1', family: 4 }]),
      locks: new UploadLocks({ records: uploads, log, clock }),
      partPool: new PartPool({ memoryBytes: 64 * 1024 * 1024, clock }),
      log,
      maxBytes: options.maxBytes ?? 2 ** 30,
      idleMs: options.idleMs ?? 30_000,
      random: () => 0.5,
      backoff: { firstMs: 0, maxMs: 0 },
    };
  }

  async start(url: string, title?: string): Promise<VideoId> {
    const { id } = await startIngest(
      { url, title },
      {
        ingests: this.#ingests,
        records: this.records,
        isAllowed: this.#deps.isAllowed,
        ingestDeadlineMs: this.#deadlineMs,
        newVideoId,
        newUploadId: () => randomBytes(16).toString('hex') as UploadId,
        bell: new Bell(),
        log: this.#deps.log,
      },
    );
    return id as VideoId;
  }

  /** One try of whatever is due. */
  tryOnce(stopping = new AbortController().signal): Promise<boolean> {
    return runIngest(this.#deps, stopping);
  }

  /** Tries until nothing is due any more. */
  async run(): Promise<void> {
    while (await this.tryOnce());
  }

  /** Fetches to the end, whatever that is. */
  async fetch(url: string): Promise<VideoResource | undefined> {
    const id = await this.start(url);
    await this.run();
    return this.records.find(id);
  }

  async keys(prefix = ''): Promise<string[]> {
    return (await this.store.list(prefix)).objects.map(({ key }) => key);
  }

  async source(id: string): Promise<Buffer> {
    const keys = await this.keys(`videos/${id}/source/`);
    const parts = await Promise.all(keys.map((key) => this.store.read(key as Parameters<ObjectStore['read']>[0])));
    return Buffer.concat(parts.map((part) => part!.bytes));
  }
}

export type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void;

/** A server with files, on loopback; it counts its requests from 1. */
export async function sourceServer(handler: Handler) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    handler(request, response, requests.length);
  });
  const listens = await listening(server);
  return { ...listens, requests };
}
