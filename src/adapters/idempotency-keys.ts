import { sql } from 'kysely';
import { DomainError } from '../domain/errors.ts';
import type { ContentId, VideoId } from '../domain/ids.ts';
import type { Tx } from './transitions.ts';

type Answer = { readonly videoId: VideoId; readonly contentId: ContentId; readonly created: boolean };

/** Clients repeat a request within minutes; a day leaves room for those that sleep. */
const KEPT_FOR = sql<Date>`clock_timestamp() + interval '1 day'`;

/**
 * Notes what is answered to a request with a key, or gives what was answered before.
 * @throws DomainError idempotency_mismatch where the key stands for other content.
 */
export async function rememberAnswer(tx: Tx, key: string | undefined, answer: Answer): Promise<{ created: boolean }> {
  if (key === undefined) return answer;
  const row = { video_id: answer.videoId, content_id: answer.contentId, created: answer.created, expires_at: KEPT_FOR };
  const noted = await tx
    .insertInto('idempotency_keys')
    .values({ key, ...row })
    .onConflict((conflict) =>
      conflict.column('key').doUpdateSet(row).where('idempotency_keys.expires_at', '<', sql<Date>`clock_timestamp()`),
    )
    .returning('created')
    .executeTakeFirst();
  if (noted) return noted;
  const before = await tx
    .selectFrom('idempotency_keys')
    .select(['content_id', 'created'])
    .where('key', '=', key)
    .executeTakeFirstOrThrow();
  if (before.content_id !== answer.contentId) throw new DomainError('idempotency_mismatch');
  return before;
}
