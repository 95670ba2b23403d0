import type { VideoResource } from '../../../src/domain/video-resource.ts';
import { formatDuration, spokenDuration } from '../shared/format.ts';
import { hueOf } from './hue-of.ts';

/** The still image of a video, or a tint of its own until there is one, with the duration in the corner. */
export function Poster({ video }: { video: VideoResource }) {
  const { durationSeconds } = video.source;
  const poster = video.playback?.poster;
  return (
    <div className="poster" style={{ '--hue': hueOf(video.id) }}>
      {poster && <img src={poster} alt="" loading="lazy" width={112} height={63} />}
      {durationSeconds !== null && (
        <span className="poster-duration">
          <span aria-hidden="true">{formatDuration(durationSeconds)}</span>
          <span className="visually-hidden">{spokenDuration(durationSeconds)}</span>
        </span>
      )}
    </div>
  );
}
