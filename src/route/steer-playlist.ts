/** A way to a session's bytes: an edge's own address, or this router's. */
export type Pathway = {
  readonly id: string;
  /** Absolute, with a slash at its end: what the playlist's own relative addresses stand below. */
  readonly base: string;
};

/** The router's own way, which every edge can be reached by. No edge with a public address has this name. */
export const PROXY_PATHWAY = 'proxy';
/** Beside the multivariant playlist. */
export const STEERING_FILE = 'steering.json';

/**
 * Lists every variant and rendition of a multivariant playlist once for each pathway (Content Steering: RFC 8216bis,
 * section 7). The router's own come first and otherwise unchanged, for players that know nothing of pathways; a player
 * that does begins with the first of those given. Playlists are ours (domain/hls-playlist.ts): attributes are never
 * spread over lines, and an address follows its variant.
 */
export function steerPlaylist(playlist: string, direct: readonly Pathway[]): string {
  const first = direct[0]?.id;
  const lines = playlist.split('\n').filter((line) => line !== '');
  if (first === undefined || lines[0] !== '#EXTM3U') return playlist;
  const steering = `#EXT-X-CONTENT-STEERING:SERVER-URI="${STEERING_FILE}",PATHWAY-ID="${first}"`;
  const listed = lines.filter(isListing);
  return [
    ...lines.filter((line) => !isListing(line)),
    steering,
    ...listed.map((line) => (isVariant(line) ? `${line},PATHWAY-ID="${PROXY_PATHWAY}"` : line)),
    ...direct.flatMap((pathway) => listed.map((line) => along(line, pathway))),
    '',
  ].join('\n');
}

const isVariant = (line: string): boolean => /^#EXT-X-(I-FRAME-)?STREAM-INF:/.test(line);
const isListing = (line: string): boolean =>
  isVariant(line) || !line.startsWith('#') || line.startsWith('#EXT-X-MEDIA:');

/** The same line for another pathway, whose renditions are in groups of their own. */
function along(line: string, { id, base }: Pathway): string {
  if (!line.startsWith('#')) return base + line;
  const moved = line.replace(ATTRIBUTE, (whole, name: string, quoted: string | undefined) => {
    if (quoted === undefined) return whole;
    if (name === 'URI') return `URI="${base}${quoted}"`;
    return IS_GROUP.has(name) ? `${name}="${quoted}@${id}"` : whole;
  });
  return isVariant(line) ? `${moved},PATHWAY-ID="${id}"` : moved;
}

/** One attribute after the other, so that nothing within quotes is taken for one. */
const ATTRIBUTE = /([A-Z0-9-]+)=(?:"([^"]*)"|[^",]*)/g;
const IS_GROUP: ReadonlySet<string> = new Set(['GROUP-ID', 'AUDIO', 'SUBTITLES', 'VIDEO']);
