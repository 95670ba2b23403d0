import { isIPv6 } from 'node:net';
import { LRUCache } from 'lru-cache';

export type RateLimitOptions = {
  readonly perSecond: number;
  /** What a client that was quiet may ask for at once. */
  readonly burst: number;
  readonly nowMs: () => number;
};

/** Clients remembered. The one that was quiet for longest is forgotten, and begins anew with a full bucket. */
const MAX_CLIENTS = 10_000;

/** A bucket of tokens for each client, which fills steadily; each request takes one. */
export class RateLimit {
  readonly #options: RateLimitOptions;
  readonly #buckets = new LRUCache<string, { tokens: number; atMs: number }>({ max: MAX_CLIENTS });

  constructor(options: RateLimitOptions) {
    this.#options = options;
  }

  /** @returns 0 where the request may pass, or the whole seconds after which the next one may. */
  take(address: string): number {
    const { perSecond, burst, nowMs } = this.#options;
    const client = clientOf(address);
    const atMs = nowMs();
    const before = this.#buckets.get(client) ?? { tokens: burst, atMs };
    const earnedMs = Math.max(0, atMs - before.atMs);
    const tokens = Math.min(burst, before.tokens + (earnedMs / 1000) * perSecond);
    const passes = tokens >= 1;
    this.#buckets.set(client, { tokens: passes ? tokens - 1 : tokens, atMs });
    return passes ? 0 : Math.ceil((1 - tokens) / perSecond);
  }
}

/** Whoever has one IPv6 address has a network of them: the first 64 bits say who it is. */
function clientOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  return isIPv6(address) ? firstGroups(address) : address;
}

function firstGroups(address: string): string {
  const [head = '', tail] = address.split('::');
  const groups = head.split(':').filter(Boolean);
  const missing = tail === undefined ? 0 : 8 - groups.length - tail.split(':').filter(Boolean).length;
  const zeros = Array.from({ length: missing }, () => '0');
  return [...groups, ...zeros, ...(tail ?? '').split(':').filter(Boolean)].slice(0, 4).join(':');
}
