import { type SqlBool, sql } from 'kysely';
import { DomainError } from '../domain/errors.ts';
import type { WebhookId } from '../domain/ids.ts';
import {
  type DeliveryEntry,
  type DeliveryQuery,
  messageId,
  messageType,
  type NewWebhook,
  type ToldState,
  type WebhookResource,
  type Webhooks,
} from '../domain/webhooks.ts';
import { answered } from './database-outage.ts';
import type { Database } from './postgres.ts';

/** Each of them is told of every state: this many is enough, and a bound. */
const MAX_WEBHOOKS = 20;

/** Webhooks and the log of what was sent to them, in PostgreSQL. */
export function createWebhooks(db: Database): Webhooks {
  return {
    create: (webhook) => answered(() => create(db, webhook)),
    list: () => answered(async () => (await shown(db).orderBy('created_at').orderBy('id').execute()).map(toResource)),
    remove: (id) =>
      answered(async () => {
        const gone = await db.deleteFrom('webhooks').where('id', '=', id).executeTakeFirst();
        return gone.numDeletedRows > 0n;
      }),
    deliveries: (query) => answered(() => deliveries(db, query)),
  };
}

const shown = (db: Database) => db.selectFrom('webhooks').select(['id', 'url', 'states', 'created_at']);

async function create(db: Database, { url, secret, states }: NewWebhook): Promise<WebhookResource> {
  const { rows } = await sql<WebhookRow>`
    insert into webhooks (url, secret, states)
    select ${url}, ${secret}, ${[...states]}::text[] where (select count(*) from webhooks) < ${MAX_WEBHOOKS}
    returning id, url, states, created_at
  `.execute(db);
  const [row] = rows;
  if (!row) throw new DomainError('too_many_webhooks');
  return toResource(row);
}

type WebhookRow = { id: WebhookId; url: string; states: ToldState[]; created_at: Date };

const toResource = ({ id, url, states, created_at }: WebhookRow): WebhookResource => ({
  id,
  url,
  states,
  createdAt: created_at.toISOString(),
});

async function deliveries(db: Database, { limit, cursor, webhookId, videoId }: DeliveryQuery) {
  let query = db
    .selectFrom('webhook_deliveries')
    .selectAll()
    .orderBy('position', 'desc')
    .limit(limit + 1);
  if (cursor !== undefined) query = query.where(sql<SqlBool>`position < ${parsePosition(cursor)}`);
  if (webhookId !== undefined) query = query.where('webhook_id', '=', webhookId);
  if (videoId !== undefined) query = query.where('video_id', '=', videoId);
  const rows = await query.execute();
  const page = rows.slice(0, limit);
  return {
    deliveries: page.map(
      (row): DeliveryEntry => ({
        id: messageId(row.id),
        webhookId: row.webhook_id,
        videoId: row.video_id,
        type: messageType(row.state),
        at: row.at.toISOString(),
        state: row.outcome ?? 'waiting',
        tries: row.tries,
        nextTryAt: row.ended_at === null ? row.due_at.toISOString() : null,
        endedAt: row.ended_at?.toISOString() ?? null,
        lastStatus: row.last_status,
        lastError: row.last_error,
      }),
    ),
    next: rows.length > limit ? String(page.at(-1)?.position) : null,
  };
}

function parsePosition(cursor: string): number {
  if (!/^\d{1,15}$/.test(cursor)) throw new DomainError('bad_cursor');
  return Number(cursor);
}
