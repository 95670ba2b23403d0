/**
 * Players run on any page, send no cookies, and may read what the answer says about caching and timing. As flat
 * name-value pairs, the form that node:http writes without building an object.
 */
export const CORS_HEADERS: readonly string[] = [
  'Access-Control-Allow-Origin',
  '*',
  'Access-Control-Expose-Headers',
  'Content-Length, Content-Range, ETag, Date, X-Cache, X-Served-By, Server-Timing, Retry-After',
  'Timing-Allow-Origin',
  '*',
];

/** Answer to a preflight. A day is what browsers keep at most. */
export const PREFLIGHT_HEADERS: readonly string[] = [
  ...CORS_HEADERS,
  'Access-Control-Allow-Methods',
  'GET, HEAD, OPTIONS',
  'Access-Control-Allow-Headers',
  'Range, If-None-Match, If-Range, CMCD-Object, CMCD-Request, CMCD-Session, CMCD-Status',
  'Access-Control-Max-Age',
  '86400',
  'Allow',
  'GET, HEAD, OPTIONS',
];
