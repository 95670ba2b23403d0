/** Which page a path names. Links to anything else go to the server, which may know it. */
export type Page =
  | { readonly name: 'library' }
  | { readonly name: 'system' }
  | { readonly name: 'watch'; readonly videoId: string }
  | { readonly name: 'unknown' };

/** `/system` is the same for machines. */
export const SYSTEM_PATH = '/status';

export function parsePage(pathname: string): Page {
  if (pathname === '/') return { name: 'library' };
  if (pathname === SYSTEM_PATH) return { name: 'system' };
  const match = /^\/watch\/([0-9a-z]{1,64})\/?$/.exec(pathname);
  const videoId = match?.[1];
  return videoId ? { name: 'watch', videoId } : { name: 'unknown' };
}
