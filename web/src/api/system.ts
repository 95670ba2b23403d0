import type { JobEntry, WorkerEntry } from '../../../src/domain/job-lists.ts';
import { requestJson } from './request-json.ts';

/** The JSON of `GET /system`, as far as the pages show it; the API's own description has all of it. */
export type System = {
  readonly version: string;
  readonly roles: readonly RoleEntry[];
  readonly edges: readonly EdgeEntry[];
  /** Null while the database does not answer, as the next two. */
  readonly workers: readonly WorkerEntry[] | null;
  readonly queue: { readonly tasks: { readonly leased: number } } | null;
  readonly failures: readonly JobEntry[] | null;
};

export type RoleEntry = {
  readonly name: string;
  /** Null while it does not answer. */
  readonly role: string | null;
  readonly status: 'ok' | 'degraded' | 'draining' | 'failing' | 'silent';
  readonly version: string | null;
  readonly uptimeSeconds: number | null;
  readonly checks: Readonly<Record<string, { readonly status: string; readonly detail?: string }>>;
};

export type EdgeEntry = {
  readonly name: string;
  /** What the router thinks of it; null where this process has none. */
  readonly standing: 'healthy' | 'draining' | 'out' | null;
  /** Null while it does not answer. */
  readonly status: {
    readonly sessions: number;
    /** Null before the first request. */
    readonly hitRatio: { readonly requests: number | null; readonly bytes: number | null };
    readonly memory: { readonly bytes: number; readonly objects: number };
    readonly disk: { readonly bytes: number; readonly objects: number };
    readonly inFlight: { readonly requests: number; readonly reads: number };
  } | null;
};

export const getSystem = async (signal: AbortSignal): Promise<System> =>
  (await requestJson('/system', { signal })) as System;
