import { DomainError } from '../domain/errors.ts';
import type { ObjectDisk } from '../domain/object-disk.ts';
import type { ObjectKey, PlaybackObject } from '../domain/object-keys.ts';
import type { Clock, ObjectStore, StoredObject } from '../domain/ports.ts';
import type { TracePoint } from '../lib/trace.ts';
import type { LastSeen } from './last-seen.ts';
import { isImmutable, toCached } from './object-head.ts';
import type { CachedObject } from './segment-cache.ts';

/** Where the bytes of an answer came from. */
export type Tier = 'ram' | 'disk' | 'store';
/** @param trace of the request that it is read for */
export type ReadObject = (
  wanted: PlaybackObject,
  trace?: TracePoint,
) => Promise<{ object: CachedObject | undefined; tier: Tier }>;

/** Which read of the store it was. */
export type StoreRead = {
  readonly key: ObjectKey;
  readonly bytes?: number | undefined;
  readonly trace?: TracePoint | undefined;
};

type Deps = {
  readonly store: Pick<ObjectStore, 'read'>;
  readonly disk: ObjectDisk | undefined;
  readonly lastSeen: Pick<LastSeen, 'note' | 'forget'>;
  readonly clock: Clock;
  /** Told of every read of the store: the edge's health follows from it. */
  readonly onStoreRead: (outcome: 'ok' | 'failed', durationMs: number, read: StoreRead) => void;
};

/**
 * Bounds the memory of segments that are on their way in: at 4 MB each, 1 GB. Reads of the disk need no place: they are
 * short, and must not wait for a store that hangs.
 */
const MAX_STORE_READS = 256;
/** Past this, a player has long asked again, and the store counts as down. */
const READ_DEADLINE_MS = 10_000;

/** Reads what is not in memory. Only what can never change is trusted to the disk. */
export function createReadObject(deps: Deps): ReadObject {
  const { disk, lastSeen, clock } = deps;
  let storeReads = 0;
  return async (wanted, trace) => {
    const ownDisk = isImmutable(wanted) ? disk : undefined;
    const copy = await ownDisk?.read(wanted.key);
    if (copy) return { object: toCached(wanted, copy, clock.nowMs()), tier: 'disk' };
    if (storeReads >= MAX_STORE_READS)
      throw new DomainError('store_unavailable', 'Too many reads of the store are under way.');
    storeReads++;
    const stored = await readStore(deps, wanted, trace).finally(() => storeReads--);
    if (!isImmutable(wanted)) noteSeen(lastSeen, wanted.key, stored);
    if (!stored) return { object: undefined, tier: 'store' };
    ownDisk?.keep(wanted.key, stored);
    return { object: toCached(wanted, stored, clock.nowMs()), tier: 'store' };
  };
}

function noteSeen(lastSeen: Deps['lastSeen'], key: ObjectKey, stored: StoredObject | undefined): void {
  if (stored) lastSeen.note(key, stored);
  else lastSeen.forget(key);
}

/** @throws DomainError store_unavailable */
async function readStore(
  { store, clock, onStoreRead }: Deps,
  { key }: PlaybackObject,
  trace: TracePoint | undefined,
): Promise<StoredObject | undefined> {
  const startedMs = clock.nowMs();
  try {
    const stored = await store.read(key, { signal: AbortSignal.timeout(READ_DEADLINE_MS) });
    onStoreRead('ok', clock.nowMs() - startedMs, { key, bytes: stored?.sizeBytes, trace });
    return stored;
  } catch (cause) {
    onStoreRead('failed', clock.nowMs() - startedMs, { key, trace });
    throw new DomainError('store_unavailable', `Reading ${key} failed.`, { cause });
  }
}
