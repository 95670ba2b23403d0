import { type ObjectKey, sourcePartKey, sourcePrefix, uploadPrefix, uploadTailKey } from '../../domain/object-keys.ts';
import type { ObjectStore } from '../../domain/ports.ts';
import { PART_SIZE_BYTES } from '../../domain/source.ts';
import { offsetOf, type StoredPartRow, type Upload, type UploadRecords } from '../../domain/upload-records.ts';
import { parkingOf } from '../parking-of.ts';
import { PartFiller } from '../part-filler.ts';
import type { PartPool } from '../part-pool.ts';
import { BYTES, storePart } from '../store-part.ts';
import type { HeldUpload } from '../upload-locks.ts';

export type WriterDeps = {
  readonly store: Pick<ObjectStore, 'putIfAbsent' | 'put' | 'read' | 'list' | 'delete' | 'deletePrefix'>;
  readonly uploads: Pick<UploadRecords, 'advance' | 'partsOf'>;
  readonly partPool: PartPool;
};

export type WriterOptions = {
  readonly upload: Upload;
  readonly held: HeldUpload;
  /** Of the whole upload, where it is known. */
  readonly sizeBytes: number | null;
  /** False while the bytes may still turn out to be wrong: then the row moves only when told to. */
  readonly movesAsItGoes: boolean;
};

/**
 * Adds bytes to one upload, on behalf of one holder of its lock. Objects come first and the row after, so that the row
 * never promises what is not stored:
 *
 *   part stored ── row moves ── part stored ── row moves ── rest stored as tail ── row moves
 *          ^ a crash here leaves a part that no row knows of; the resumed bytes take its place
 */
export class UploadWriter {
  readonly #deps: WriterDeps;
  readonly #options: WriterOptions;
  readonly #filler: PartFiller;
  #row: Pick<Upload, 'wholeParts' | 'tailBytes' | 'tailToken' | 'expiresAtMs'>;
  /** Stored, but not yet in the row. */
  #fresh: StoredPartRow[] = [];
  #received: number;

  private constructor(options: WriterOptions, deps: WriterDeps) {
    this.#deps = deps;
    this.#options = options;
    this.#row = options.upload;
    this.#received = offsetOf(options.upload);
    this.#filler = new PartFiller({
      pool: deps.partPool,
      parking: parkingOf(options.held.grant, deps.store),
      storePart: (part) => this.#storePart(part),
    });
  }

  /** The writer begins with the bytes after the last whole part, as they were acknowledged. */
  static async open(options: WriterOptions, deps: WriterDeps): Promise<UploadWriter> {
    const writer = new UploadWriter(options, deps);
    const { uploadId, tailBytes, tailToken } = options.upload;
    if (tailBytes === 0) return writer;
    const tail = await deps.store.read(uploadTailKey({ uploadId, token: tailToken }));
    if (!tail || tail.sizeBytes < tailBytes) throw new Error(`the tail of upload ${uploadId} is not in the store`);
    // A holder that adds in several goes writes it anew; dying before the row moved, it leaves a longer one.
    await writer.#filler.add(tail.bytes.subarray(0, tailBytes));
    return writer;
  }

  /** Where the upload stands if everything so far is kept. */
  get receivedBytes(): number {
    return this.#received;
  }

  get isWhole(): boolean {
    return this.#received === this.#options.sizeBytes;
  }

  /** What was promised so far. */
  get offset(): number {
    return offsetOf(this.#row);
  }

  get expiresAtMs(): number {
    return this.#row.expiresAtMs;
  }

  async add(chunk: Uint8Array): Promise<void> {
    this.#received += chunk.byteLength;
    this.#deps.partPool.noteReceived(chunk.byteLength);
    await this.#filler.add(chunk);
  }

  /** Makes everything received durable, the bytes after the last whole part as a tail. */
  async keep(): Promise<void> {
    await this.#filler.settled();
    const { upload, held } = this.#options;
    const rest = await this.#filler.rest();
    const { uploadId, token } = held.grant;
    if (this.#received > this.offset || this.#options.sizeBytes !== upload.sizeBytes) {
      if (rest.byteLength > 0) await this.#deps.store.put(uploadTailKey({ uploadId, token }), rest, BYTES);
      await this.#moveRow(rest.byteLength);
    }
    const hasOldTail = upload.tailBytes > 0 && this.#row.tailToken !== upload.tailToken;
    if (hasOldTail) await this.#deps.store.delete(uploadTailKey({ uploadId, token: upload.tailToken }));
  }

  /**
   * The bytes after the last whole part become the last part; gives the digests of all. The row does not move: that
   * belongs to the transaction that makes it a video, or a crash in between would show an upload that looks done.
   */
  async lastPart(): Promise<StoredPartRow[]> {
    await this.#filler.settled();
    const rest = await this.#filler.rest();
    if (rest.byteLength > 0) await this.#storePart(rest);
    const parts = [...(await this.#deps.uploads.partsOf(this.#options.upload.videoId)), ...this.#fresh];
    const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
    const isGapless = parts.every(({ part }, i) => part === i);
    if (!isGapless || sizeBytes !== this.#received)
      throw new Error(`upload ${this.#options.upload.uploadId} does not add up`);
    await this.removeStrays(parts.length);
    return parts;
  }

  /** Parts of an interrupted request that nothing was acknowledged of. */
  async removeStrays(fromPart = this.#row.wholeParts): Promise<void> {
    const { videoId } = this.#options.upload;
    const after = fromPart === 0 ? '' : sourcePartKey({ videoId, part: fromPart - 1 });
    for (let next: string | undefined = after; next !== undefined; ) {
      const page: { objects: readonly { key: ObjectKey }[]; next?: string } = await this.#deps.store.list(
        sourcePrefix({ videoId }),
        next === '' ? {} : { after: next },
      );
      if (page.objects.length > 0) await this.#options.held.assertHeld();
      for (const { key } of page.objects) await this.#deps.store.delete(key);
      next = page.next;
    }
  }

  /** Gives the memory back. */
  release(): Promise<void> {
    return this.#filler.release();
  }

  async removeTails(): Promise<void> {
    await this.#deps.store.deletePrefix(uploadPrefix(this.#options.upload));
  }

  async #storePart(bytes: Uint8Array): Promise<void> {
    const { upload, held, sizeBytes, movesAsItGoes } = this.#options;
    const part = this.#row.wholeParts + this.#fresh.length;
    this.#fresh.push(
      await storePart({ videoId: upload.videoId, part }, bytes, this.#deps.store, () => held.assertHeld()),
    );
    const isLast = part * PART_SIZE_BYTES + bytes.byteLength === sizeBytes;
    if (movesAsItGoes && !isLast) await this.#moveRow(0);
  }

  async #moveRow(tailBytes: number): Promise<void> {
    const { upload, held, sizeBytes } = this.#options;
    const { wholeParts } = this.#row;
    const { expiresAtMs } = await this.#deps.uploads.advance({
      grant: held.grant,
      videoId: upload.videoId,
      fromWholeParts: wholeParts,
      newParts: this.#fresh,
      tailBytes,
      tailToken: held.grant.token,
      sizeBytes,
    });
    this.#row = { wholeParts: wholeParts + this.#fresh.length, tailBytes, tailToken: held.grant.token, expiresAtMs };
    this.#fresh = [];
  }
}
