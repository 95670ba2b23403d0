/** What the line carries from a time on. */
export type Step = { readonly atSeconds: number; readonly bitsPerSecond: number };

/**
 * Plenty for the top rung; then so little that it is out of reach; then less, but still well above the lowest rung with its
 * sound; then plenty again. After the first fall the segment that is under way, of 24 Mbit at the most, still comes within
 * eight seconds: shaka-player has no more than ten in hand. The last part is long, since players go up late.
 */
export const SCHEDULE: readonly [Step, ...Step[]] = [
  { atSeconds: 0, bitsPerSecond: 12_000_000 },
  { atSeconds: 16, bitsPerSecond: 3_000_000 },
  { atSeconds: 32, bitsPerSecond: 800_000 },
  { atSeconds: 48, bitsPerSecond: 12_000_000 },
];

/** Of the video: two minutes and a half. */
export const VIDEO_SECONDS = 150;
