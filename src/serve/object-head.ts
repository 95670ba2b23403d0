import { isAudio, type PlaybackObject } from '../domain/object-keys.ts';
import type { StoredObject } from '../domain/ports.ts';
import { CORS_HEADERS } from '../lib/cors.ts';
import type { CachedObject } from './segment-cache.ts';

/** Turns what the store gave into what is kept and served. */
export function toCached(object: PlaybackObject, stored: StoredObject, readAtMs: number): CachedObject {
  const bytes = Buffer.from(stored.bytes.buffer, stored.bytes.byteOffset, stored.bytes.byteLength);
  const etag = `"${stored.etag}"`;
  const freshForMs = freshness(object, bytes);
  const type = contentType(object, stored.contentType);
  const head = ['Content-Type', type, 'ETag', etag, 'Cache-Control', cacheControl(freshForMs), ...COMMON_HEAD];
  const lastSegment = object.kind === 'playlist' ? lastListed(bytes) : undefined;
  return {
    bytes,
    etag,
    head,
    readAtMs,
    freshForMs,
    ...(bytes.length <= MAX_TEXT_BYTES ? { text: bytes.toString('latin1') } : {}),
    ...(lastSegment === undefined ? {} : { listed: { lastSegment, isFinished: isFinished(bytes) } }),
  };
}

/** Up to here Node writes a string without a buffer of its own; playlists and inits are mostly smaller. */
const MAX_TEXT_BYTES = 12 * 1024;

/** What can be replaced in the store is looked at again; all else is written once. */
export const isImmutable = ({ kind }: PlaybackObject): boolean =>
  kind === 'init' || kind === 'iframes' || kind === 'segment' || kind === 'image' || kind === 'text';

const COMMON_HEAD: readonly string[] = ['Accept-Ranges', 'bytes', 'X-Content-Type-Options', 'nosniff', ...CORS_HEADERS];

/** A growing playlist gains a segment every few seconds; a player that waits for it asks once a second. */
const GROWING_FRESH_MS = 1000;
/** A published playlist is replaced only by a new generation: a few seconds late is early enough. */
const PUBLISHED_FRESH_MS = 4000;

function freshness({ kind }: PlaybackObject, bytes: Buffer): number {
  switch (kind) {
    case 'playlist':
      return isFinished(bytes) ? PUBLISHED_FRESH_MS : GROWING_FRESH_MS;
    case 'manifest':
      return bytes.includes('type="dynamic"') ? GROWING_FRESH_MS : PUBLISHED_FRESH_MS;
    case 'multivariant':
      return PUBLISHED_FRESH_MS;
    case 'init':
    case 'iframes':
    case 'segment':
    case 'image':
    case 'text':
      return Number.POSITIVE_INFINITY;
    default:
      return kind satisfies never;
  }
}

const isFinished = (playlist: Buffer): boolean => playlist.includes('#EXT-X-ENDLIST');

const IMMUTABLE = 'public, max-age=31536000, immutable';

const cacheControl = (freshForMs: number): string =>
  freshForMs === Number.POSITIVE_INFINITY ? IMMUTABLE : `public, max-age=${freshForMs / 1000}`;

function contentType({ kind, key, rendition = '' }: PlaybackObject, stored: string): string {
  switch (kind) {
    case 'multivariant':
    case 'playlist':
    case 'iframes':
      return 'application/vnd.apple.mpegurl';
    case 'manifest':
      return 'application/dash+xml';
    case 'init':
      return isAudio(rendition) ? 'audio/mp4' : 'video/mp4';
    case 'segment':
      return isAudio(rendition) ? 'audio/mp4' : 'video/iso.segment';
    case 'image':
    case 'text':
      return SIDE_TYPES[key.slice(key.lastIndexOf('.') + 1)] ?? stored;
    default:
      return kind satisfies never;
  }
}

/** Playlists list segments in their order, each on a line of its own. */
function lastListed(playlist: Buffer): number | undefined {
  const end = playlist.lastIndexOf('.m4s');
  const digits = playlist.toString('latin1', Math.max(0, end - 6), Math.max(0, end));
  return /^\d{6}$/.test(digits) ? Number(digits) : undefined;
}

const SIDE_TYPES: Readonly<Record<string, string>> = {
  jpg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  vtt: 'text/vtt',
  m3u8: 'application/vnd.apple.mpegurl',
};
