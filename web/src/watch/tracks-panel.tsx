import type { RenditionResource } from '../../../src/domain/video-resource.ts';
import { formatBitrate } from '../shared/format.ts';
import { audioName } from './audio-name.ts';
import { CaptionList } from './caption-list.tsx';

type Props = { videoId: string; renditions: readonly RenditionResource[] };

/** What can be heard and read along with the pictures. */
export function TracksPanel({ videoId, renditions }: Props) {
  const sounds = renditions.filter(({ kind }) => kind === 'audio');
  return (
    <section className="panel" data-testid="tracks">
      <h2>Tracks</h2>
      <h3>Audio</h3>
      {sounds.length === 0 && <p className="panel-empty">No sound.</p>}
      <ul className="track-list">
        {sounds.map(({ name, codec, averageBandwidthBps }) => (
          <li key={name}>
            <span className="track-name">{audioName(name)}</span>
            <span className="soft">{formatBitrate(averageBandwidthBps)}</span>
            <span className="code">{codec}</span>
          </li>
        ))}
      </ul>
      <h3>Captions</h3>
      <CaptionList videoId={videoId} />
    </section>
  );
}
