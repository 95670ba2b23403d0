import { extname } from 'node:path';

/** What the last part of a key's name says about its bytes. */
const TYPE_OF_EXTENSION: Readonly<Record<string, string>> = {
  '.m3u8': 'application/vnd.apple.mpegurl',
  '.mpd': 'application/dash+xml',
  '.mp4': 'video/mp4',
  '.m4s': 'video/iso.segment',
  '.jpg': 'image/jpeg',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.vtt': 'text/vtt',
  '.json': 'application/json',
};

export const contentTypeOfName = (name: string): string =>
  TYPE_OF_EXTENSION[extname(name)] ?? 'application/octet-stream';
