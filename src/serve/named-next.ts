import { type PlaybackObject, playbackObject } from '../domain/object-keys.ts';
import { parsePlaybackPath } from '../domain/playback-path.ts';

/** Any origin will do: only paths are compared. */
const ORIGIN = 'http://edge';

/** Of what a player says it will ask for next (CMCD `nor`), that which lies in the same session of the same video. */
export function namedNext(target: string, next: readonly string[]): PlaybackObject[] {
  const own = parsePlaybackPath(target);
  return next.flatMap((relative) => {
    const path = URL.canParse(relative, ORIGIN + target) ? new URL(relative, ORIGIN + target) : undefined;
    const named = path?.origin === ORIGIN ? parsePlaybackPath(path.pathname) : undefined;
    if (named?.asks !== 'object' || own?.asks !== 'object') return [];
    if (named.videoId !== own.videoId || named.token !== own.token) return [];
    const object = playbackObject(named.videoId, named.rest);
    return object?.kind === 'segment' || object?.kind === 'init' ? [object] : [];
  });
}
