/**
 * Whether an `If-None-Match` header names the given quoted tag (RFC 9110, section 13.1.2: weak comparison, `*`
 * matches whatever exists).
 */
export function etagMatches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}
