import { sql } from 'kysely';
import type { TaskId } from '../domain/ids.ts';
import type { Tx } from './transitions.ts';

/**
 * What processes tell each other through PostgreSQL, in the transaction that makes it true. A word may get lost with
 * a connection, so nobody relies on it: whoever waits also looks for itself.
 */

/** There is something new to start, to lend or to publish. */
export const JOB_CHANNEL = 'millrace_jobs';
/** A grant is over whose holder does not know it. */
export const LEASE_CHANNEL = 'millrace_leases';
/** There are new events of a video, which is named; said by a trigger. */
export const EVENT_CHANNEL = 'millrace_events';

/** There is something to send; said by a trigger. */
export const WEBHOOK_CHANNEL = 'millrace_webhooks';

/** API keys were made or revoked; said by a trigger. */
export const KEY_CHANNEL = 'millrace_api_keys';

export async function ringOrchestrators(tx: Tx): Promise<void> {
  await sql`select pg_notify(${JOB_CHANNEL}, '')`.execute(tx);
}

export type EndedGrant = { readonly session: string; readonly taskId: TaskId; readonly token: number };

export async function tellHolder(tx: Tx, grant: { session: string | null; taskId: TaskId; token: number }) {
  if (grant.session === null) return;
  await sql`select pg_notify(${LEASE_CHANNEL}, ${JSON.stringify(grant)})`.execute(tx);
}

/** Only our own transactions write there. */
export const endedGrantOf = (payload: string): EndedGrant => JSON.parse(payload) as EndedGrant;
