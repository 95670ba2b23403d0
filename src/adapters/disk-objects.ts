import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { LogEvent } from '../domain/log-events.ts';
import type { ObjectDisk } from '../domain/object-disk.ts';
import type { ObjectKey } from '../domain/object-keys.ts';
import type { Clock, StoredObject } from '../domain/ports.ts';
import type { Log } from '../lib/log.ts';
import { TwoPartLru } from '../lib/two-part-lru.ts';
import { type Damage, fileBytes, packHead, readFileOf, unpackFile, writeFileOf } from './disk-file.ts';
import { isMissing } from './file-durable.ts';

type Options = {
  /** One process alone writes to it. */
  readonly folder: string;
  readonly maxBytes: number;
  readonly log: Log<LogEvent>;
  readonly clock: Clock;
};

/** What waits to be written at most; a disk that is slower than the store must not fill the memory. */
const MAX_WAITING_BYTES = 32 * 1024 * 1024;
/** A read that takes longer is of no use: the store is asked instead, and has to answer before the router leaves (0.8 s). */
const READ_DEADLINE_MS = 250;
/** The deadline is counted in steps: a moment in which this process itself was held up is one step, and not the disk's fault. */
const STEP_MS = 50;
/** After a failure the disk is left alone for this long, and the next line of a failure comes no sooner. */
const PAUSE_MS = 10_000;

/**
 * Objects as files of one folder, each named by its escaped key. The folder's list is the index: it is read at the
 * start, and a file is looked into only when its object is asked for. Eviction is by size and use, as in memory.
 */
export class DiskObjects implements ObjectDisk {
  readonly #folder: string;
  readonly #log: Log<LogEvent>;
  readonly #clock: Clock;
  readonly #files: TwoPartLru<{ readonly fileBytes: number }>;
  /** Writes and removals happen one after the other, so that of one name the last one counts. */
  #work: Promise<void> = Promise.resolve();
  #waitingBytes = 0;
  #writes = 0;
  #noReadUntilMs = 0;
  #noWriteUntilMs = 0;

  /** Fails where the folder cannot be made or read. */
  static async open(options: Options): Promise<DiskObjects> {
    const disk = new DiskObjects(options);
    await disk.#list();
    return disk;
  }

  private constructor({ folder, maxBytes, log, clock }: Options) {
    this.#folder = folder;
    this.#log = log;
    this.#clock = clock;
    this.#files = new TwoPartLru({
      maxSize: maxBytes,
      sizeOf: (file) => onDisk(file.fileBytes),
      onGone: (key) => this.#queue('remove', () => rm(this.#path(key), { force: true })),
    });
  }

  async read(key: ObjectKey): Promise<StoredObject | undefined> {
    const file = this.#files.get(key);
    if (!file || this.#now() < this.#noReadUntilMs) return undefined;
    const found = await this.#tryRead(key, file.fileBytes);
    if (typeof found === 'object') return found;
    // It may have been replaced or evicted meanwhile; then there is nothing more to do.
    if (this.#files.peek(key) === file && found !== 'failed') this.#files.delete(key);
    return undefined;
  }

  keep(key: ObjectKey, object: StoredObject): void {
    if (!this.#files.peek(key)) this.replace(key, object);
  }

  replace(key: ObjectKey, object: StoredObject): void {
    const isTooMuch = this.#waitingBytes + object.sizeBytes > MAX_WAITING_BYTES;
    if (isTooMuch || this.#now() < this.#noWriteUntilMs) return;
    const head = packHead(key, object);
    if (!head) return;
    this.#waitingBytes += object.sizeBytes;
    const temporary = join(this.#folder, `${TEMPORARY}${this.#writes++}`);
    this.#queue('write', async () => {
      try {
        if (this.#now() < this.#noWriteUntilMs) return;
        await writeFileOf(this.#path(key), temporary, [head, object.bytes]);
        this.#files.set(key, { fileBytes: fileBytes(object.sizeBytes) });
      } finally {
        this.#waitingBytes -= object.sizeBytes;
      }
    });
  }

  /** In line with the writes, as all removals, so that what waits to be written goes as well. */
  delete(key: ObjectKey): void {
    this.#queue('remove', async () => void this.#files.delete(key));
  }

  deletePrefix(prefix: string): void {
    this.#queue('remove', async () => void this.#files.deletePrefix(prefix));
  }

  get sizeBytes(): number {
    return this.#files.size;
  }

  get count(): number {
    return this.#files.count;
  }

  /** Resolves when all that was asked for so far is written and removed, and what that pushed out as well. */
  async settled(): Promise<void> {
    for (let last: unknown; last !== this.#work; await this.#work) last = this.#work;
  }

  async #tryRead(key: ObjectKey, lengthBytes: number): Promise<StoredObject | 'gone' | 'failed'> {
    try {
      const reading = readFileOf(this.#path(key), lengthBytes);
      const file = await Promise.race([reading, deadline()]);
      if (file === undefined) throw new Error(`no answer within ${READ_DEADLINE_MS} ms`);
      const object = file === 'size' ? file : unpackFile(key, file);
      if (typeof object === 'object') return object;
      this.#sayDamaged(key, object);
    } catch (err) {
      if (!isMissing(err)) return this.#fail('read', err);
      this.#sayDamaged(key, 'missing');
    }
    return 'gone';
  }

  #queue(does: 'write' | 'remove', act: () => Promise<void>): void {
    this.#work = this.#work.then(act).catch((err: unknown) => void this.#fail(does, err));
  }

  /** A disk that cannot be read is not written to either; one that is full can still be read. */
  #fail(does: 'read' | 'write' | 'remove', err: unknown): 'failed' {
    const [nowMs, untilMs] = [this.#now(), this.#now() + PAUSE_MS];
    const isSaid = nowMs < (does === 'read' ? this.#noReadUntilMs : this.#noWriteUntilMs);
    if (!isSaid) this.#log.error('disk_failed', { does, pauseMs: PAUSE_MS, err });
    if (does === 'read') this.#noReadUntilMs = untilMs;
    this.#noWriteUntilMs = untilMs;
    return 'failed';
  }

  #sayDamaged(key: ObjectKey, reason: Damage | 'missing'): void {
    this.#log.warn('disk_object_damaged', { key, reason });
  }

  #now = (): number => this.#clock.nowMs();

  #path = (key: string): string => join(this.#folder, encodeURIComponent(key));

  /** In the order in which they were written; when they were last used is not known any more. */
  async #list(): Promise<void> {
    const startedMs = this.#clock.nowMs();
    await mkdir(this.#folder, { recursive: true });
    const found: FoundFile[] = [];
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name);
      if (name.startsWith(TEMPORARY)) await rm(path, { recursive: true, force: true });
      else if (ESCAPED_KEY.test(name)) found.push(...(await filesAt(path, name)));
    }
    found.sort((a, b) => a.writtenMs - b.writtenMs);
    for (const { key, fileBytes } of found) this.#files.set(key, { fileBytes });
    const [objects, bytes, tookMs] = [this.count, this.sizeBytes, this.#clock.nowMs() - startedMs];
    this.#log.info('disk_opened', { folder: this.#folder, objects, bytes, durationMs: tookMs });
  }
}

async function deadline(): Promise<undefined> {
  for (let passedMs = 0; passedMs < READ_DEADLINE_MS; passedMs += STEP_MS)
    await delay(STEP_MS, undefined, { ref: false });
  return undefined;
}

/** Keys of objects of videos, escaped; other files are not ours. */
const ESCAPED_KEY = /^videos%2F(?:[a-z0-9.-]|%2F)+$/;
const TEMPORARY = '~';

/** A file fills whole blocks, so that a bound on bytes also bounds the number of tiny files. */
const BLOCK_BYTES = 4096;
const onDisk = (bytes: number): number => Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;

type FoundFile = { readonly key: string; readonly fileBytes: number; readonly writtenMs: number };

/** None where it was removed since the folder was read: an edge that ends may still be at its last removals. */
async function filesAt(path: string, name: string): Promise<FoundFile[]> {
  try {
    const { size, mtimeMs } = await stat(path);
    return [{ key: decodeURIComponent(name), fileBytes: size, writtenMs: mtimeMs }];
  } catch (err) {
    if (isMissing(err)) return [];
    throw err;
  }
}
