import { createHash, type Hash } from 'node:crypto';
import { DomainError } from '../domain/errors.ts';
import type { VideoId } from '../domain/ids.ts';
import { sourcePartKey } from '../domain/object-keys.ts';
import type { ObjectStore, StoredPart } from '../domain/ports.ts';
import { PART_SIZE_BYTES } from '../domain/source.ts';
import { sha256Of } from './content-id.ts';

export type ReceivedSource = {
  readonly parts: readonly StoredPart[];
  readonly sizeBytes: number;
  /** SHA-256 of the whole, in base64, as `Repr-Digest` states it. */
  readonly sha256Base64: string;
};

type Deps = { readonly store: Pick<ObjectStore, 'putIfAbsent'>; readonly maxBytes: number };

/**
 * Cuts a stream of bytes into source parts and stores them as they fill. Holds at most two parts in memory: one that
 * fills while the other is being stored; the sender waits when both are full.
 * @throws DomainError upload_too_large, empty_upload
 */
export async function appendBytes(
  videoId: VideoId,
  bytes: AsyncIterable<Uint8Array>,
  deps: Deps,
): Promise<ReceivedSource> {
  const whole = createHash('sha256');
  const parts: StoredPart[] = [];
  let storing: Promise<unknown> = Promise.resolve();
  let sizeBytes = 0;
  const filling = new PartBuffer();

  const storePart = async (): Promise<void> => {
    const part = filling.take();
    const key = sourcePartKey({ videoId, part: parts.length });
    parts.push({ sizeBytes: part.byteLength, sha256: sha256Of(part) });
    await storing;
    storing = deps.store.putIfAbsent(key, part, { contentType: 'application/octet-stream' });
    // The next await of `storing` reports a failure; until then it must not count as unhandled.
    storing.catch(() => {});
  };

  for await (const chunk of bytes) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > deps.maxBytes) throw tooLarge(deps.maxBytes);
    whole.update(chunk);
    for (let rest = chunk; rest.byteLength > 0; ) {
      rest = filling.add(rest);
      if (filling.isFull) await storePart();
    }
  }
  if (!filling.isEmpty) await storePart();
  await storing;
  if (sizeBytes === 0) throw new DomainError('empty_upload');
  return { parts, sizeBytes, sha256Base64: finish(whole) };
}

const finish = (hash: Hash): string => hash.digest('base64');

const tooLarge = (maxBytes: number): DomainError =>
  new DomainError('upload_too_large', `The upload is larger than the ${maxBytes} bytes that this server accepts.`);

/** One part as it fills. */
class PartBuffer {
  #bytes = Buffer.allocUnsafe(PART_SIZE_BYTES);
  #length = 0;

  get isFull(): boolean {
    return this.#length === PART_SIZE_BYTES;
  }
  get isEmpty(): boolean {
    return this.#length === 0;
  }
  /** Returns what did not fit. */
  add(chunk: Uint8Array): Uint8Array {
    const fits = chunk.subarray(0, PART_SIZE_BYTES - this.#length);
    this.#bytes.set(fits, this.#length);
    this.#length += fits.byteLength;
    return chunk.subarray(fits.byteLength);
  }
  take(): Uint8Array {
    const part = this.#bytes.subarray(0, this.#length);
    this.#bytes = Buffer.allocUnsafe(PART_SIZE_BYTES);
    this.#length = 0;
    return part;
  }
}
