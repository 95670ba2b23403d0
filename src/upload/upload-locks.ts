import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '../domain/errors.ts';
import type { UploadId } from '../domain/ids.ts';
import type { LogEvent } from '../domain/log-events.ts';
import type { Clock } from '../domain/ports.ts';
import type { UploadGrant, UploadRecords } from '../domain/upload-records.ts';
import type { Log } from '../lib/log.ts';

export type HeldUpload = {
  readonly grant: UploadGrant;
  /** Aborts when another request waits for the upload, or has taken it over; the reason is upload_lock_lost. */
  readonly signal: AbortSignal;
  /** Asks the database. @throws DomainError upload_lock_lost */
  assertHeld(): Promise<void>;
  release(): Promise<void>;
};

type Deps = {
  readonly records: Pick<UploadRecords, 'tryLock' | 'askHolder' | 'renew' | 'release'>;
  readonly log: Log<LogEvent>;
  readonly clock: Clock;
};

/** Several of these fit into a lease, so that one lost renewal loses nothing. */
const RENEW_EVERY_MS = 1_000;
const LOOK_EVERY_MS = 100;
/** The holder is asked again, in case it changed. */
const ASK_EVERY_MS = 1_000;
/** Longer than a lease and than storing what is in hand: who waits this long may as well try again later. */
const WAIT_DEADLINE_MS = 20_000;

/** Who works on which upload. A newcomer never waits for a client that is gone: it asks the holder to let go. */
export class UploadLocks {
  readonly #deps: Deps;
  readonly #held = new Map<UploadId, AbortController>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** @throws DomainError no_such_upload, upload_busy */
  async hold(uploadId: UploadId): Promise<HeldUpload> {
    const { records, log, clock } = this.#deps;
    const sinceMs = clock.nowMs();
    for (let askedMs = -Infinity; ; ) {
      // The same process is asked at once, others learn of it at their next renewal.
      this.#held.get(uploadId)?.abort(new DomainError('upload_lock_lost'));
      const granted = await records.tryLock(uploadId);
      if (granted === 'missing') throw new DomainError('no_such_upload');
      const waitedMs = clock.nowMs() - sinceMs;
      if (granted !== 'held') {
        if (askedMs >= 0) log.info('upload_lock_taken', { uploadId, token: granted.token, waitedMs });
        return this.adopt(granted);
      }
      if (waitedMs > WAIT_DEADLINE_MS) throw new DomainError('upload_busy');
      if (waitedMs - askedMs >= ASK_EVERY_MS) {
        await records.askHolder(uploadId);
        askedMs = waitedMs;
      }
      await delay(LOOK_EVERY_MS);
    }
  }

  /** Keeps a lock that was granted until it is released or lost. */
  adopt(grant: UploadGrant): HeldUpload {
    const letGo = new AbortController();
    const done = new AbortController();
    this.#held.set(grant.uploadId, letGo);
    const renewing = this.#renew(grant, letGo, done.signal);
    return {
      grant,
      signal: letGo.signal,
      assertHeld: async () => void (await this.#deps.records.renew(grant)),
      release: async () => {
        done.abort();
        if (this.#held.get(grant.uploadId) === letGo) this.#held.delete(grant.uploadId);
        await renewing;
        await this.#deps.records.release(grant);
      },
    };
  }

  async #renew(grant: UploadGrant, letGo: AbortController, done: AbortSignal): Promise<void> {
    for (;;) {
      await delay(RENEW_EVERY_MS, undefined, { signal: done }).catch(() => {});
      if (done.aborted) return;
      try {
        const state = await this.#deps.records.renew(grant);
        if (state === 'wanted') letGo.abort(new DomainError('upload_lock_lost'));
      } catch (err) {
        if (err instanceof DomainError && err.code === 'upload_lock_lost') return letGo.abort(err);
        // The lease may end before the database is back; then the token refuses what this holder writes.
        this.#deps.log.warn('database_error', { uploadId: grant.uploadId, err });
      }
    }
  }
}
