import { transferName } from './interrupted-of.ts';
import type { SendFile } from './send-file.ts';

/**
 * Sends while holding a lock that is never waited for: by its name other windows of the browser see that the upload goes
 * on. Without https there are no locks, and they show it as interrupted.
 */
export const lockedWhile =
  (send: SendFile): SendFile =>
  (file, options) =>
    navigator.locks
      ? navigator.locks.request(transferName(file), { mode: 'shared' }, () => send(file, options))
      : send(file, options);

/** The transfers that go on in all windows. */
export async function lockedTransfers(): Promise<ReadonlySet<string>> {
  const held = (await navigator.locks?.query())?.held ?? [];
  return new Set(held.flatMap(({ name }) => name ?? []));
}
