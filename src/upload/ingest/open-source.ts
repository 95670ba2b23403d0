import { Agent } from 'undici';
import { DomainError } from '../../domain/errors.ts';
import { guardedLookup, type IsAllowed, type Resolve } from '../../lib/guarded-lookup.ts';
import { parseSourceUrl, refusedAddress } from './source-url.ts';

export type OpenDeps = { readonly resolve: Resolve; readonly isAllowed: IsAllowed; readonly idleMs: number };

export type SourceAnswer = {
  readonly status: number;
  readonly headers: Headers;
  readonly body: AsyncIterable<Uint8Array>;
};

const MAX_REDIRECTS = 5;
const CONNECT_TIMEOUT_MS = 10_000;
const REDIRECTS = [301, 302, 303, 307, 308];

/** A connection of its own for each try: nothing is shared with other ingests, and closing it ends all of it. */
export function sourceAgent({ resolve, isAllowed, idleMs }: OpenDeps): Agent {
  return new Agent({
    connect: { timeout: CONNECT_TIMEOUT_MS, lookup: guardedLookup({ resolve, isAllowed, refusal: refusedAddress }) },
    headersTimeout: idleMs,
    bodyTimeout: idleMs,
    maxHeaderSize: 32 * 1024,
  });
}

/**
 * Asks for the source and follows redirects by hand, since each of them may lead inside.
 * @throws DomainError url_refused, url_bad_answer; whatever the network throws
 */
export async function openSource(
  text: string,
  headers: Readonly<Record<string, string>>,
  agent: Agent,
  { isAllowed }: Pick<OpenDeps, 'isAllowed'>,
  signal: AbortSignal,
): Promise<SourceAnswer> {
  let url = parseSourceUrl(text, isAllowed);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const answer = await agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: 'GET',
      // Compressed bytes would be another file, and their ranges other ranges.
      headers: { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'millrace', ...headers },
      signal,
    });
    // Whoever reads the body is told; where nobody does, closing the connection must not end the process.
    answer.body.on('error', () => {});
    const flat = flatHeaders(answer.headers);
    if (!REDIRECTS.includes(answer.statusCode)) return { status: answer.statusCode, headers: flat, body: answer.body };
    const target = flat.get('location');
    answer.body.destroy();
    if (target === null) throw new DomainError('url_bad_answer', 'The source redirects to nowhere.');
    url = parseSourceUrl(target, isAllowed, url.href);
  }
  throw new DomainError('url_bad_answer', `The source redirects more than ${MAX_REDIRECTS} times.`);
}

function flatHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): Headers {
  const flat = new Headers();
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) flat.set(name, Array.isArray(value) ? value.join(', ') : value);
  return flat;
}
