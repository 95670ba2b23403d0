import { createHash, type Hash } from 'node:crypto';
import { DomainError } from '../domain/errors.ts';
import type { VideoId } from '../domain/ids.ts';
import { sourcePartKey } from '../domain/object-keys.ts';
import type { ObjectStore, StoredPart } from '../domain/ports.ts';
import { sha256Of } from './content-id.ts';
import { type Parking, PartFiller } from './part-filler.ts';
import type { PartPool } from './part-pool.ts';
import { BYTES } from './store-part.ts';

export type ReceivedSource = {
  readonly parts: readonly StoredPart[];
  readonly sizeBytes: number;
  /** SHA-256 of the whole, in base64, as `Repr-Digest` states it. */
  readonly sha256Base64: string;
};

type Deps = {
  readonly store: Pick<ObjectStore, 'putIfAbsent'>;
  readonly partPool: PartPool;
  readonly parking: Parking;
  readonly maxBytes: number;
};

/**
 * Cuts a stream of bytes into source parts and stores them as they fill. Holds at most two parts in memory: one that
 * fills while the other is being stored; the sender waits when both are full, or when others use the memory.
 * @throws DomainError upload_too_large, empty_upload
 */
export async function appendBytes(
  videoId: VideoId,
  bytes: AsyncIterable<Uint8Array>,
  deps: Deps,
): Promise<ReceivedSource> {
  const whole = createHash('sha256');
  const parts: StoredPart[] = [];
  let sizeBytes = 0;

  const storePart = async (part: Uint8Array): Promise<void> => {
    const key = sourcePartKey({ videoId, part: parts.length });
    parts.push({ sizeBytes: part.byteLength, sha256: sha256Of(part) });
    await deps.store.putIfAbsent(key, part, BYTES);
  };
  const filler = new PartFiller({ pool: deps.partPool, parking: deps.parking, storePart });
  try {
    for await (const chunk of bytes) {
      sizeBytes += chunk.byteLength;
      deps.partPool.noteReceived(chunk.byteLength);
      if (sizeBytes > deps.maxBytes) throw tooLarge(deps.maxBytes);
      whole.update(chunk);
      await filler.add(chunk);
    }
    await filler.settled();
    const rest = await filler.rest();
    if (rest.byteLength > 0) await storePart(rest);
  } finally {
    await filler.release();
  }
  if (sizeBytes === 0) throw new DomainError('empty_upload');
  return { parts, sizeBytes, sha256Base64: finish(whole) };
}

const finish = (hash: Hash): string => hash.digest('base64');

const tooLarge = (maxBytes: number): DomainError =>
  new DomainError('upload_too_large', `The upload is larger than the ${maxBytes} bytes that this server accepts.`);
