import { sql } from 'kysely';
import { DomainError } from '../domain/errors.ts';

/** Where a page ended: a row's time with all that PostgreSQL keeps of it, so that none is skipped or shown twice. */
export type TimeCursor<Id extends string> = { readonly at: string; readonly id: Id };

/** `<microseconds since 1970>_<id>` of a row. */
export const cursorOf = (time: string, id: string) =>
  sql<string>`(extract(epoch from ${sql.ref(time)}) * 1000000)::bigint::text || '_' || ${sql.ref(id)}::text`;

/** @throws DomainError bad_cursor */
export function parseTimeCursor<Id extends string>(cursor: string, isId: (text: string) => text is Id): TimeCursor<Id> {
  const [, us = '', id = ''] = /^(\d{1,17})_([0-9a-z-]+)$/.exec(cursor) ?? [];
  if (!isId(id)) throw new DomainError('bad_cursor');
  const microseconds = us.slice(-6).padStart(6, '0');
  const at = new Date(Number(us.slice(0, -6)) * 1000).toISOString().replace('.000Z', `.${microseconds}Z`);
  return { at, id };
}
