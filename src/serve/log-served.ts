import { DomainError } from '../domain/errors.ts';
import type { LogEvent } from '../domain/log-events.ts';
import type { Log } from '../lib/log.ts';
import type { ServedRequest } from './get-segment.ts';

type Answered = { readonly edge: string; readonly durationMs: number; readonly aborted?: true };

/** One line for each request, whatever became of it. What is undefined is not written. */
export function logServed(log: Log<LogEvent>, served: ServedRequest, fields: Answered): void {
  const { session, object, cache, tier, isStale, cmcd, bytes, status, error, trace } = served;
  const { sessionId, videoId } = session ?? {};
  const { rendition, segment, kind } = object ?? {};
  const code = error instanceof DomainError ? error.code : undefined;
  const said = typeof cmcd === 'object' ? cmcd.said : cmcd;
  const what = { sessionId, videoId, kind, rendition, segment };
  const line = { ...what, cache, tier, stale: isStale, bytes, status, code, ...fields, cmcd: said, trace };
  const isOurFault = error !== undefined && status >= 500;
  if (isOurFault) log.error('segment_served', { ...line, err: error });
  else log.info('segment_served', line);
}
