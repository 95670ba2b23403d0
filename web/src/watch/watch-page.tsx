import { useEffect, useState } from 'react';
import type { VideoResource } from '../../../src/domain/video-resource.ts';
import { isMissing } from '../api/problem.ts';
import { renameVideo } from '../api/videos.ts';
import { failedJob } from '../library/merge-videos.ts';
import type { PageClock } from '../shared/clock.ts';
import { ConnectionNote } from '../shared/connection-note.tsx';
import { Icon } from '../shared/icons.tsx';
import { TitleEditor } from '../shared/title-editor.tsx';
import { TopBar } from '../shared/top-bar.tsx';
import { useTitle } from '../shared/use-title.ts';
import { VideoStateBadge } from '../shared/video-state.tsx';
import { NotFound } from './not-found.tsx';
import type { PlayerWish } from './parse-wish.ts';
import { ProcessAgain } from './process-again.tsx';
import { RenditionsTable } from './renditions-table.tsx';
import { SharePanel } from './share-panel.tsx';
import { SourceFacts } from './source-facts.tsx';
import { TracksPanel } from './tracks-panel.tsx';
import { useVideo } from './use-video.ts';
import { useWork, type Work } from './use-work.ts';
import { CANCELLED, VideoFrame } from './video-frame.tsx';
import { WorkPanel } from './work-panel.tsx';

type Props = { videoId: string; wish: PlayerWish; clock: PageClock };

export function WatchPage({ videoId, wish, clock }: Props) {
  const { work, refresh: refreshWork } = useWork(videoId);
  const { video, failure, refresh } = useVideo(videoId, refreshWork);
  useTitle(video?.title ?? '');
  if (isMissing(failure)) return <NotFound title="This video does not exist" />;
  return (
    <>
      <TopBar />
      <main className="page watch">
        <div className="frame" style={{ '--ratio': ratioOf(video) }}>
          {video && <VideoFrame video={video} wish={wish} onChanged={refresh} />}
        </div>
        <div className="watch-head">
          {video ? <Title video={video} onChanged={refresh} /> : <span className="skeleton-line skeleton-title" />}
          {video && <VideoStateBadge video={video} />}
        </div>
        <ConnectionNote failure={failure} />
        {/* Both together, so that nothing moves when the other comes. */}
        {video && work && <Details video={video} work={work} wish={wish} clock={clock} onChanged={refresh} />}
      </main>
    </>
  );
}

type OfVideo = { video: VideoResource; onChanged: () => void };

function Title({ video, onChanged }: OfVideo) {
  const [editing, setEditing] = useState(false);
  // Shown until the server tells of a new title: this one, or one that somebody else gave it since.
  const [saved, setSaved] = useState<string>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: forgets when the title has changed.
  useEffect(() => setSaved(undefined), [video.title]);
  const title = saved ?? video.title;
  if (editing) {
    return (
      <TitleEditor
        title={title}
        onSave={async (wanted) => {
          await renameVideo(video.id, wanted);
          setSaved(wanted);
          onChanged();
        }}
        onClose={() => setEditing(false)}
      />
    );
  }
  return (
    <h1 className="watch-title">
      <span data-testid="video-title">{title}</span>
      <button type="button" className="icon-button" aria-label={`Rename ${title}`} onClick={() => setEditing(true)}>
        <Icon name="pencil" />
      </button>
    </h1>
  );
}

type DetailsProps = OfVideo & { work: Work; wish: PlayerWish; clock: PageClock };

function Details({ video, work, wish, clock, onChanged }: DetailsProps) {
  return (
    <div className="details">
      {video.playback && <FailedJob video={video} onChanged={onChanged} />}
      <RenditionsTable video={video} />
      <WorkPanel video={video} work={work} clock={clock} onChanged={onChanged} />
      <div className="details-column">
        <SourceFacts video={video} nowMs={clock.nowMs()} />
      </div>
      <div className="details-column">
        <SharePanel video={video} tech={wish.tech} />
        {video.renditions.length > 0 && <TracksPanel videoId={video.id} renditions={video.renditions} />}
      </div>
    </div>
  );
}

/** What came of the latest job, where the frame above shows what plays already. */
function FailedJob({ video, onChanged }: OfVideo) {
  const failed = failedJob(video);
  if (!failed) return null;
  return (
    <section className="panel panel-failed" data-testid="failed-job">
      <h2>{failed.state === 'cancelled' ? CANCELLED : 'The last processing failed'}</h2>
      <ProcessAgain video={video} onChanged={onChanged} />
    </section>
  );
}

/** The frame keeps the shape of the video, so that nothing moves when the player comes. */
function ratioOf(video: VideoResource | undefined): string {
  const { widthPx, heightPx } = video?.source ?? {};
  return widthPx && heightPx ? `${widthPx} / ${heightPx}` : '16 / 9';
}
