import { DomainError } from '../domain/errors.ts';
import type { ObjectKey } from '../domain/object-keys.ts';
import type { ObjectStore } from '../domain/ports.ts';
import { isDeadline } from './object-rules.ts';

/** Objects of a check live below this prefix for a moment. */
export const CHECK_PREFIX = 'checks/';

/** A store that is slower than this cannot feed a player either. */
export const CHECK_DEADLINE_MS = 10_000;

type Check = { readonly id: string; readonly place: string; readonly signal: AbortSignal };

/**
 * Uses a store in every way that Millrace relies on, at a key of its own.
 * @throws DomainError store_unavailable with one line that says what is wrong where
 */
export async function checkStore(store: ObjectStore, { id, place, signal }: Check): Promise<void> {
  const key = `${CHECK_PREFIX}${id}` as ObjectKey;
  const fails = (what: string): DomainError => new DomainError('store_unavailable', `${place} ${what}`);
  const bytes = Buffer.from(id);
  const options = { contentType: 'text/plain', signal };
  if (await store.read(key, { signal })) throw fails('has an object that was never written');
  if ((await store.putIfAbsent(key, bytes, options)) !== 'stored') throw fails('does not store a new object');
  try {
    const second = await store.putIfAbsent(key, Buffer.from('second'), options);
    if (second !== 'exists') throw fails('ignores If-None-Match: it replaces an object that must be written only once');
    const found = await store.read(key, { signal });
    if (!found || !bytes.equals(found.bytes)) throw fails('does not give back what it stored');
    const { objects } = await store.list(key, { signal });
    if (objects.length !== 1) throw fails('does not list what it stored');
  } finally {
    await store.delete(key);
  }
}

/** Ends a wait whose work cannot be interrupted, such as a call into a hung network file system. */
export async function within<T>(work: Promise<T>, { place, signal }: Omit<Check, 'id'>): Promise<T> {
  const { promise: expired, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => {
    const cause: unknown = signal.reason;
    const late = new DomainError('store_unavailable', `${place} does not answer in time`, { cause });
    reject(isDeadline(cause) ? late : cause);
  };
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, expired]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
