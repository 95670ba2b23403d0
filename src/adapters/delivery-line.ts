import { sql } from 'kysely';
import type { DeliveryLine, DroppedDeliveries, LentDelivery, TryOutcome, WaitingBounds } from '../domain/webhooks.ts';
import { answered } from './database-outage.ts';
import type { Database } from './postgres.ts';
import { fromNow, NOW } from './transitions.ts';

/** Messages in PostgreSQL. All times are the database's own. */
export function createDeliveryLine(db: Database): DeliveryLine {
  return {
    claim: (leaseMs, from = 'all') => answered(() => claim(db, leaseMs, from === 'answering')),
    settle: (delivery, outcome) => answered(() => settle(db, delivery, outcome)),
    drop: (bounds) => answered(() => drop(db, bounds)),
    forget: (ended) => answered(() => forget(db, ended)),
  };
}

/**
 * An older message of the same video that has not ended keeps a younger one waiting: a receiver sees the states of a
 * video in their order. One at a time of each webhook, so that a receiver that hangs holds up no other; two senders that
 * look at the same moment may take two, which does no harm.
 */
async function claim(db: Database, leaseMs: number, isAnswering: boolean): Promise<LentDelivery | undefined> {
  const { rows } = await sql<LentDelivery>`
    with next as (
      select d.position from webhook_deliveries d join webhooks of on of.id = d.webhook_id
      where d.ended_at is null and d.due_at <= clock_timestamp()
        and not exists (
          select from webhook_deliveries busy
          where busy.webhook_id = d.webhook_id and busy.ended_at is null and busy.lease_until > clock_timestamp()
        )
        and not exists (
          select from webhook_deliveries older
          where older.webhook_id = d.webhook_id and older.video_id = d.video_id and older.ended_at is null
            and older.position < d.position
        )
        and (${!isAnswering} or not exists (
          select from webhook_deliveries silent
          where silent.webhook_id = d.webhook_id and silent.ended_at is null and silent.last_error is not null
        ))
      order by d.due_at, d.position limit 1 for no key update of d, of skip locked
    )
    update webhook_deliveries d set tries = d.tries + 1, lease_until = ${fromNow(leaseMs)}
    from next, webhooks w
    where d.position = next.position and w.id = d.webhook_id
    returning d.id, d.webhook_id as "webhookId", d.video_id as "videoId", w.url, w.secret, d.state, d.reason, d.at, d.tries
  `.execute(db);
  return rows[0];
}

async function settle(db: Database, { id, tries }: LentDelivery, outcome: TryOutcome): Promise<boolean> {
  const then =
    outcome.outcome === 'again' ? { due_at: fromNow(outcome.waitMs) } : { outcome: outcome.outcome, ended_at: NOW };
  const settled = await db
    .updateTable('webhook_deliveries')
    .set({ lease_until: null, last_status: outcome.status ?? null, last_error: outcome.error ?? null, ...then })
    .where('id', '=', id)
    .where('tries', '=', tries)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  return settled.numUpdatedRows > 0n;
}

/** In one statement. */
const MOST_DROPPED = 5_000;

async function drop(db: Database, { maxAgeMs, maxWaiting }: WaitingBounds): Promise<DroppedDeliveries[]> {
  const { rows } = await sql<DroppedDeliveries>`
    with waiting as (
      select position, at < ${fromNow(-maxAgeMs)} as is_old,
        row_number() over (partition by webhook_id order by position desc) > ${maxWaiting} as is_surplus
      from webhook_deliveries where ended_at is null
    ), picked as (
      select d.position, case when is_old then 'too_old' else 'too_many' end as reason
      from webhook_deliveries d join waiting using (position)
      where (is_old or is_surplus) and d.ended_at is null
        and (d.lease_until is null or d.lease_until < clock_timestamp())
      order by d.position limit ${MOST_DROPPED} for no key update of d skip locked
    ), dropped as (
      update webhook_deliveries d set outcome = 'given_up', ended_at = clock_timestamp(), lease_until = null,
        last_error = 'dropped, ' || p.reason || coalesce(': ' || d.last_error, '')
      from picked p where d.position = p.position
      returning d.webhook_id, p.reason
    )
    select webhook_id as "webhookId", reason, count(*) as messages from dropped group by 1, 2
  `.execute(db);
  return rows;
}

async function forget(db: Database, { forMs, most }: { forMs: number; most: number }): Promise<number> {
  const gone = await sql`
    delete from webhook_deliveries where position in (
      select position from (
        select position, ended_at, row_number() over (partition by webhook_id order by position desc) as n
        from webhook_deliveries where ended_at is not null
      ) as ended where ended_at < ${fromNow(-forMs)} or n > ${most}
    )
  `.execute(db);
  return Number(gone.numAffectedRows ?? 0n);
}
