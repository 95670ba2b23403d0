import pg from 'pg';
import { DomainError } from '../domain/errors.ts';

/** Classes of SQLSTATE that say "not now": connection, resources, operator intervention. */
const OUTAGE_CLASSES = ['08', '53', '57'];
/** What the driver says without a SQLSTATE. */
const OUTAGE_WORDS = /connection terminated|timeout exceeded|connection error|client has encountered|socket|ECONN/i;
const OUTAGE_CODES = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH'];

/** Runs a piece of database work; a database that cannot answer becomes an error that callers may retry. */
export async function answered<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (isOutage(cause)) throw new DomainError('database_unavailable', undefined, { cause });
    throw cause;
  }
}

/** The same records, of which every method is {@link answered}. */
export function eachAnswered<Records extends object>(records: Records): Records {
  const methods = Object.entries(records as Record<string, (...given: unknown[]) => Promise<unknown>>);
  const inAnOutage = methods.map(([name, method]) => [
    name,
    (...given: unknown[]) => answered(async () => method(...given)),
  ]);
  return Object.fromEntries(inAnOutage) as Records;
}

function isOutage(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof DomainError) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (error instanceof pg.DatabaseError) return OUTAGE_CLASSES.includes(code.slice(0, 2));
  return OUTAGE_CODES.includes(code) || OUTAGE_WORDS.test(error.message);
}
