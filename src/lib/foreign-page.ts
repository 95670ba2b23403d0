import type { IncomingHttpHeaders } from 'node:http';

/** They change nothing, so that nobody gains by making a browser send them. */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

type Asked = { readonly method: string; readonly headers: IncomingHttpHeaders };

/**
 * Whether a page of another origin made a browser send this, which takes no preflight for plain bodies: cross-site
 * request forgery. Browsers say so themselves in `Sec-Fetch-Site`, however proxies rewrite the host; over plain HTTP,
 * but for localhost, they do not, and then the origin must be the host that was asked. Who is no browser says neither.
 * Go's http.CrossOriginProtection decides in the same way.
 */
export function isFromForeignPage({ method, headers }: Asked): boolean {
  if (SAFE.has(method)) return false;
  const { 'sec-fetch-site': site, origin, host } = headers;
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  return origin !== undefined && URL.parse(origin)?.host !== host;
}
