/** What all HLS playlists (RFC 8216bis) are made of. */

/** Fragmented MP4 with EXT-X-MAP in a media playlist without I-frames-only needs version 6; 7 is what all write. */
export const PLAYLIST_HEAD = ['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-INDEPENDENT-SEGMENTS'];

/** Each EXTINF, rounded to the nearest integer, must not be above the target duration. */
export const targetSeconds = (ticks: readonly number[], timescale: number): number =>
  ticks.reduce((longest, one) => Math.max(longest, Math.round(one / timescale)), 1);

export const extinf = (ticks: number, timescale: number): string => `#EXTINF:${(ticks / timescale).toFixed(6)},`;

export const segmentFile = (segment: number): string => `${String(segment).padStart(6, '0')}.m4s`;

export const attributes = (list: Record<string, string | number>): string =>
  Object.entries(list)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');

/** A quoted-string may hold neither quotes nor line breaks. */
export const quoted = (value: string): string => `"${value.replaceAll(/["\r\n]/g, '')}"`;

export const playlistText = (lines: readonly string[]): string => `${lines.join('\n')}\n`;
