import type { ApiKeyId } from './ids.ts';

/** How far a key reaches; each includes those before it. Which route needs which: upload/scope-of.ts. */
export const KEY_SCOPES = ['read', 'write', 'admin'] as const;
export type KeyScope = (typeof KEY_SCOPES)[number];

export const isKeyScope = (text: unknown): text is KeyScope => KEY_SCOPES.some((scope) => scope === text);

export const reaches = (has: KeyScope, needed: KeyScope): boolean =>
  KEY_SCOPES.indexOf(has) >= KEY_SCOPES.indexOf(needed);

/** What is kept of a key: never the key itself. Times are ISO 8601, UTC. */
export type ApiKeyEntry = {
  readonly id: ApiKeyId;
  readonly name: string;
  readonly scope: KeyScope;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  /** To the hour. */
  readonly lastUsedAt: string | null;
  readonly revokedAt: string | null;
};

export type NewApiKey = {
  readonly name: string;
  readonly scope: KeyScope;
  readonly digest: Uint8Array;
  readonly expiresInMs?: number;
};

/** What requests are held against. */
export type HeldKey = {
  readonly id: ApiKeyId;
  readonly scope: KeyScope;
  readonly digest: Uint8Array;
  /** Infinity where it does not expire. */
  readonly expiresAtMs: number;
};

export interface ApiKeys {
  /** @throws DomainError too_many_keys */
  create(key: NewApiKey): Promise<ApiKeyEntry>;
  /** Oldest first, also those that are over. */
  list(): Promise<ApiKeyEntry[]>;
  /** False where there is no such key, or it was revoked before. */
  revoke(id: ApiKeyId): Promise<boolean>;
  /** Keys that are neither revoked nor expired; whether there ever was one. */
  held(): Promise<{ readonly keys: readonly HeldKey[]; readonly wereMade: boolean }>;
  /** Written once an hour for each key at most. */
  noteUsed(ids: readonly ApiKeyId[]): Promise<void>;
}
