import { createHash, timingSafeEqual } from 'node:crypto';
import { type ApiKeys, type HeldKey, type KeyScope, reaches } from '../domain/api-keys.ts';
import type { ApiKeyId } from '../domain/ids.ts';
import type { Clock } from '../domain/ports.ts';

type Held = Awaited<ReturnType<ApiKeys['held']>>;
type Options = {
  /** Keys of the environment: they may do everything. Undefined where it names none. */
  readonly fixed: readonly string[] | undefined;
  readonly clock: Clock;
};

/** The keys that a request may carry, as bearer token or as password of HTTP Basic. */
export class KeyRing {
  readonly #fixed: readonly Buffer[] | undefined;
  readonly #clock: Clock;
  #held: Held = { keys: [], wereMade: false };
  /** Of {@link ApiKeys}, since they were last taken; no more than there are keys. */
  #used = new Set<ApiKeyId>();

  constructor({ fixed, clock }: Options) {
    this.#fixed = fixed?.map(digestOf);
    this.#clock = clock;
  }

  /** What the database holds now, in place of what it held before. */
  replace(held: Held): void {
    this.#held = held;
  }

  /**
   * Whether requests need a key. Once there was one they always do: an instance does not open because the last key was
   * revoked, or expired in the night.
   */
  get isRequired(): boolean {
    return this.#fixed !== undefined || this.#held.wereMade;
  }

  /** How far whoever asks may reach: everywhere, where no key is needed; undefined without a key that is known. */
  scopeOf(authorization: string | undefined): KeyScope | undefined {
    if (!this.isRequired) return 'admin';
    const digest = digestOf(keyIn(authorization ?? ''));
    if (isOneOf(this.#fixed ?? [], digest)) return 'admin';
    const key = this.#find(digest);
    if (key) this.#used.add(key.id);
    return key?.scope;
  }

  /** The keys that were used since it was last asked. */
  takeUsed(): ApiKeyId[] {
    const used = [...this.#used];
    this.#used = new Set();
    return used;
  }

  #find(digest: Buffer): HeldKey | undefined {
    const nowMs = this.#clock.nowMs();
    const [key] = this.#held.keys.filter((held) => timingSafeEqual(held.digest, digest));
    return key && key.expiresAtMs > nowMs ? key : undefined;
  }
}

export const mayReach = (has: KeyScope | undefined, needed: KeyScope): boolean =>
  has !== undefined && reaches(has, needed);

/** What is kept of a key, and compared. */
export const digestOf = (key: string): Buffer => createHash('sha256').update(key).digest();

function keyIn(authorization: string): string {
  const [, scheme = '', value = ''] = /^(Bearer|Basic) +(\S+)$/i.exec(authorization) ?? [];
  if (scheme.toLowerCase() !== 'basic') return value;
  return Buffer.from(value, 'base64')
    .toString('utf8')
    .replace(/^[^:]*:/, '');
}

/** Looks at every key, and at all of it, however early it differs. */
const isOneOf = (digests: readonly Buffer[], given: Buffer): boolean =>
  digests.filter((digest) => timingSafeEqual(digest, given)).length > 0;
