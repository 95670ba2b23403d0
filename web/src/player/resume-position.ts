/** Where a viewer stopped, latest first: `[video id, seconds]`. */
export type Positions = readonly (readonly [videoId: string, seconds: number])[];

/** Enough for whoever watches many videos at a time; some 3 kB. */
export const MAX_POSITIONS = 100;
/** Whoever stops this early begins again, and whoever stops this late has seen it. */
const BEGINNING_SECONDS = 5;
const END_SECONDS = 5;
const END_FRACTION = 0.05;

/** The positions once a viewer stands there: what is hardly begun or nearly finished is forgotten. */
export function withPosition(all: Positions, videoId: string, seconds: number, durationSeconds: number): Positions {
  const others = all.filter(([id]) => id !== videoId);
  const left = durationSeconds - seconds;
  const isWorthIt = seconds >= BEGINNING_SECONDS && left > Math.max(END_SECONDS, durationSeconds * END_FRACTION);
  return isWorthIt ? [[videoId, Math.floor(seconds)] as const, ...others].slice(0, MAX_POSITIONS) : others;
}

export const positionOf = (all: Positions, videoId: string): number => all.find(([id]) => id === videoId)?.[1] ?? 0;

/** Reads what was stored, by this version or whoever else wrote there: what is not understood counts as nothing. */
export function parsePositions(text: string | null): Positions {
  try {
    const value: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(value) ? value.filter(isPosition).slice(0, MAX_POSITIONS) : [];
  } catch {
    // No JSON: as good as nothing.
    return [];
  }
}

const isPosition = (value: unknown): value is Positions[number] =>
  Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && Number.isFinite(value[1]);
