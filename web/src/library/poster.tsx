import { type CSSProperties, type PointerEvent, useState } from 'react';
import type { VideoResource } from '../../../src/domain/video-resource.ts';
import { formatDuration, spokenDuration } from '../shared/format.ts';
import { hueOf } from './hue-of.ts';
import { type Tile, tileAt } from './parse-storyboard.ts';
import type { LoadStoryboard } from './storyboard-cache.ts';

/** In CSS pixels, as library.css draws it. */
const POSTER_WIDTH_PX = 112;
const POSTER_HEIGHT_PX = 63;

type Props = { video: VideoResource; loadStoryboard: LoadStoryboard };

/**
 * The still image of a video, or a tint of its own until there is one, with the duration in the corner. Moving the
 * pointer across leads through the video.
 */
export function Poster({ video, loadStoryboard }: Props) {
  const { durationSeconds } = video.source;
  const { poster = null, storyboard = null } = video.playback ?? {};
  const [tiles, setTiles] = useState<readonly Tile[]>([]);
  const [at, setAt] = useState<number>();

  function enter(): void {
    // It is a trifle: without it the poster stays.
    if (storyboard) loadStoryboard(storyboard).then(setTiles, () => undefined);
  }
  function move({ clientX, currentTarget, pointerType }: PointerEvent): void {
    if (pointerType !== 'mouse') return;
    const { left, width } = currentTarget.getBoundingClientRect();
    setAt((clientX - left) / width);
  }

  const tile = at === undefined ? undefined : tileAt(tiles, at);
  return (
    <div
      className="poster"
      style={{ '--hue': hueOf(video.id) }}
      onPointerEnter={enter}
      onPointerMove={move}
      onPointerLeave={() => setAt(undefined)}
    >
      {poster && <img src={poster} alt="" loading="lazy" width={POSTER_WIDTH_PX} height={POSTER_HEIGHT_PX} />}
      {tile && <span className="poster-tile" style={tileStyle(tile)} data-testid="poster-tile" />}
      {tile && <span className="poster-place" style={{ transform: `scaleX(${Math.min(Math.max(at ?? 0, 0), 1)})` }} />}
      {durationSeconds !== null && (
        <span className="poster-duration">
          <span aria-hidden="true">{formatDuration(durationSeconds)}</span>
          <span className="visually-hidden">{spokenDuration(durationSeconds)}</span>
        </span>
      )}
    </div>
  );
}

/** Its part of the sheet, in the middle and as large as covers the poster. */
function tileStyle({ sheet, xPx, yPx, widthPx, heightPx }: Tile): CSSProperties {
  const scale = Math.max(POSTER_WIDTH_PX / widthPx, POSTER_HEIGHT_PX / heightPx);
  return {
    width: widthPx,
    height: heightPx,
    backgroundImage: `url(${JSON.stringify(sheet)})`,
    backgroundPosition: `-${xPx}px -${yPx}px`,
    transform: `translate(-50%, -50%) scale(${scale})`,
  };
}
