import { requestJson } from './request-json.ts';

/** The JSON of `GET /health`. */
export type HealthReport = {
  readonly status: 'ok' | 'failing';
  readonly role: string;
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly checks: Readonly<Record<string, { readonly status: 'ok' | 'failing'; readonly detail?: string }>>;
};

/** Of a role that cannot do its work; its report says why. */
const FAILING = 503;

/** How the role that serves these pages is. */
export const getHealth = async (signal: AbortSignal): Promise<HealthReport> =>
  (await requestJson('/health', { signal, alsoFine: FAILING })) as HealthReport;
