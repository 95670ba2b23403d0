/** One small picture of the video, as a part of a sheet of them. */
export type Tile = {
  readonly sheet: string;
  readonly xPx: number;
  readonly yPx: number;
  readonly widthPx: number;
  readonly heightPx: number;
};

/** A video has 300 at most. */
const MOST_TILES = 1000;

/** `sheet.jpg#xywh=160,90,160,90`, the only lines of a storyboard that name pictures (Media Fragments, section 4.2.2). */
const PICTURE = /^(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)$/gm;

/** The pictures of a storyboard in their order, which are the same time apart. @param address of the WebVTT itself */
export function parseStoryboard(webvtt: string, address: string): readonly Tile[] {
  const found = [...webvtt.replaceAll('\r', '').matchAll(PICTURE)].slice(0, MOST_TILES);
  return found.map(([, name = '', x, y, width, height]) => ({
    sheet: new URL(name, address).href,
    xPx: Number(x),
    yPx: Number(y),
    widthPx: Number(width),
    heightPx: Number(height),
  }));
}

/** The picture for a place along the video. @param at 0 at its beginning, 1 at its end */
export const tileAt = (tiles: readonly Tile[], at: number): Tile | undefined =>
  tiles[Math.min(Math.max(Math.floor(at * tiles.length), 0), tiles.length - 1)];
