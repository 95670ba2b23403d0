import { parsePositions, positionOf, withPosition } from './resume-position.ts';

const KEY = 'millrace:positions';
/** A crash of the browser loses this much. */
const EVERY_SECONDS = 3;

export type PositionStorage = Pick<Storage, 'getItem' | 'setItem'>;

/** Undefined where the browser keeps nothing for this page, as in a frame of another site. */
export function openStorage(): PositionStorage | undefined {
  try {
    return window.localStorage;
  } catch {
    // A SecurityError; playing goes on without a memory.
    return undefined;
  }
}

export const keptPosition = (storage: PositionStorage | undefined, videoId: string): number =>
  positionOf(parsePositions(storage?.getItem(KEY) ?? null), videoId);

/** Notes where the viewer stands, until the signal. */
export function keepPosition(
  video: HTMLVideoElement,
  videoId: string,
  storage: PositionStorage | undefined,
  signal: AbortSignal,
): void {
  if (!storage) return;
  let keptSeconds = 0;
  const keep = (): void => {
    if (!Number.isFinite(video.duration) || video.readyState === HTMLMediaElement.HAVE_NOTHING) return;
    keptSeconds = video.currentTime;
    const all = withPosition(parsePositions(storage.getItem(KEY)), videoId, video.currentTime, video.duration);
    try {
      storage.setItem(KEY, JSON.stringify(all));
    } catch {
      // Full, or switched off: the next visit begins at the start.
    }
  };
  const keepSometimes = (): void => {
    if (Math.abs(video.currentTime - keptSeconds) >= EVERY_SECONDS) keep();
  };
  video.addEventListener('timeupdate', keepSometimes, { signal });
  for (const event of ['pause', 'seeked', 'ended']) video.addEventListener(event, keep, { signal });
  window.addEventListener('pagehide', keep, { signal });
}
