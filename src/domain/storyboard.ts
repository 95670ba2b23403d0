import { cueTime } from './captions.ts';

/**
 * Small pictures of the whole video on a few sheets, which players show while somebody scrubs. Tile n shows what is on
 * at n × secondsPerTile.
 */
export type Storyboard = {
  readonly tileWidthPx: number;
  readonly tileHeightPx: number;
  readonly tiles: number;
  readonly secondsPerTile: number;
};

/** Sheets are square: as many rows as columns. */
export const TILES_PER_SIDE = 10;
const TILES_PER_SHEET = TILES_PER_SIDE ** 2;
/** The longer side of a tile. */
const TILE_PX = 160;
const MIN_SECONDS_PER_TILE = 1;
/** Three sheets at most, however long the video is. */
const MAX_TILES = 300;

type Shown = { readonly widthPx: number; readonly heightPx: number };

export function storyboardOf({ widthPx, heightPx }: Shown, durationSeconds: number): Storyboard {
  const scale = TILE_PX / Math.max(widthPx, heightPx);
  const secondsPerTile = Math.max(MIN_SECONDS_PER_TILE, Math.ceil(durationSeconds / MAX_TILES));
  return {
    tileWidthPx: evenAbove(widthPx * scale),
    tileHeightPx: evenAbove(heightPx * scale),
    tiles: Math.max(1, Math.ceil(durationSeconds / secondsPerTile)),
    secondsPerTile,
  };
}

/** 4:2:0 colour needs even sizes. */
const evenAbove = (px: number): number => Math.max(2, 2 * Math.round(px / 2));

export const sheetCount = ({ tiles }: Storyboard): number => Math.ceil(tiles / TILES_PER_SHEET);
export const sheetName = (sheet: number): string => `storyboard-${String(sheet).padStart(3, '0')}.jpg`;
export const STORYBOARD_NAME = 'storyboard.vtt';
export const POSTER_NAME = 'poster.jpg';

/** WebVTT whose cues name a part of a sheet each (Media Fragments, section 4.2.2), as players read it. */
export function storyboardVtt(board: Storyboard, durationSeconds: number): string {
  const { tiles, secondsPerTile, tileWidthPx, tileHeightPx } = board;
  const cues = Array.from({ length: tiles }, (_, tile) => {
    const place = tile % TILES_PER_SHEET;
    const x = (place % TILES_PER_SIDE) * tileWidthPx;
    const y = Math.floor(place / TILES_PER_SIDE) * tileHeightPx;
    const end = Math.min((tile + 1) * secondsPerTile, Math.max(durationSeconds, tile * secondsPerTile + 0.001));
    const sheet = sheetName(Math.floor(tile / TILES_PER_SHEET));
    return `${cueTime(tile * secondsPerTile)} --> ${cueTime(end)}\n${sheet}#xywh=${x},${y},${tileWidthPx},${tileHeightPx}\n`;
  });
  return `WEBVTT\n\n${cues.join('\n')}`;
}
