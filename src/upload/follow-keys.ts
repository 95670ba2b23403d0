import type { ApiKeys } from '../domain/api-keys.ts';
import type { LogEvent } from '../domain/log-events.ts';
import type { Bell } from '../lib/bell.ts';
import type { Log } from '../lib/log.ts';
import { repeat } from '../lib/repeat.ts';
import type { KeyRing } from './key-ring.ts';

export type FollowKeysDeps = {
  readonly ring: KeyRing;
  readonly apiKeys: Pick<ApiKeys, 'held' | 'noteUsed'>;
  readonly log: Log<LogEvent>;
};

/** A revoked key works no longer than this where nobody hears the bell. While PostgreSQL is away, what was seen last holds. */
const LOOK_MS = 3_000;

/**
 * Looks once, then goes on looking in the background until the signal aborts.
 * @param bell rings when a key was made or revoked
 * @returns what ends with the signal
 */
export async function followKeys(
  deps: FollowKeysDeps,
  { bell, signal }: { readonly bell: Bell; readonly signal: AbortSignal },
): Promise<{ readonly ended: Promise<void> }> {
  const look = lookAtKeys(deps);
  await look();
  const onError = (err: unknown): void => deps.log.warn('database_error', { err });
  return { ended: repeat(look, { everyMs: LOOK_MS, bell, signal, onError }) };
}

function lookAtKeys({ ring, apiKeys, log }: FollowKeysDeps): () => Promise<boolean> {
  let before = '';
  return async () => {
    const held = await apiKeys.held();
    ring.replace(held);
    const ids = held.keys.map(({ id }) => id);
    const now = ids.toSorted().join();
    if (now !== before) log.info('api_keys_changed', { keys: ids });
    before = now;
    const used = ring.takeUsed();
    if (used.length > 0) await apiKeys.noteUsed(used);
    return false;
  };
}
