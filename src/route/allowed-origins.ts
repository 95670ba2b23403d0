import type { IncomingMessage } from 'node:http';
import { DomainError } from '../domain/errors.ts';

/** The origins whose pages may play, e.g. https://example.org; undefined: all of them. */
export type AllowedOrigins = ReadonlySet<string> | undefined;

/**
 * The origin that the answer must name, where origins are restricted. A request without one comes from a page of our
 * own or from a player outside of a browser: an allow-list keeps other sites from embedding, and nobody from looking.
 * @throws DomainError origin_refused
 */
export function originOf({ headers }: IncomingMessage, allowed: AllowedOrigins): string | undefined {
  const { origin } = headers;
  if (allowed === undefined || origin === undefined) return undefined;
  if (!allowed.has(origin)) throw new DomainError('origin_refused');
  return origin;
}

/** The head of an answer that may be read by pages of this origin only, and kept by shared caches for it only. */
export function forOrigin(fields: readonly string[], origin: string | undefined): string[] {
  if (origin === undefined) return [...fields];
  return [...withoutFields(fields, OF_ANY_ORIGIN), 'Access-Control-Allow-Origin', origin, 'Vary', 'Origin'];
}

const OF_ANY_ORIGIN: ReadonlySet<string> = new Set(['access-control-allow-origin']);

/** Flat name-value pairs but for those of these names, in lower case. */
export function withoutFields(fields: readonly string[], names: ReadonlySet<string>): string[] {
  const left: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [name = '', value = ''] = [fields[i], fields[i + 1]];
    if (!names.has(name.toLowerCase())) left.push(name, value);
  }
  return left;
}
