import { useState } from 'react';
import type { VideoResource } from '../../../src/domain/video-resource.ts';
import { deleteVideo, renameVideo } from '../api/videos.ts';
import { PageLink } from '../navigation/page-link.tsx';
import type { PageClock } from '../shared/clock.ts';
import { ConfirmDialog } from '../shared/confirm-dialog.tsx';
import { formatAge, formatBytes, formatSize } from '../shared/format.ts';
import { Icon } from '../shared/icons.tsx';
import { TitleEditor } from '../shared/title-editor.tsx';
import { shownState, VideoStateBadge } from '../shared/video-state.tsx';
import { JobAction } from './job-action.tsx';
import { failedJob } from './merge-videos.ts';
import { Poster } from './poster.tsx';
import type { LoadStoryboard } from './storyboard-cache.ts';

type Props = {
  video: VideoResource;
  clock: PageClock;
  loadStoryboard: LoadStoryboard;
  onChanged: (video: VideoResource | undefined) => void;
  /** The server has something new to tell of it. */
  onJobChanged: () => void;
};

export function VideoRow({ video, clock, loadStoryboard, onChanged, onJobChanged }: Props) {
  const [doing, setDoing] = useState<'renaming' | 'deleting'>();
  const stop = () => setDoing(undefined);
  return (
    <li className="video-row" data-testid="video-row" data-video-id={video.id}>
      <PageLink href={`/watch/${video.id}`} className="video-poster" tabIndex={-1} aria-hidden="true">
        <Poster video={video} loadStoryboard={loadStoryboard} />
      </PageLink>
      <div className="video-name">
        {doing === 'renaming' ? (
          <TitleEditor
            title={video.title}
            onSave={async (title) => {
              await renameVideo(video.id, title);
              onChanged({ ...video, title });
            }}
            onClose={stop}
          />
        ) : (
          <PageLink href={`/watch/${video.id}`} className="video-title" title={video.title} data-testid="video-title">
            {video.title}
          </PageLink>
        )}
        <SecondLine video={video} />
      </div>
      <VideoStateBadge video={video} />
      <Facts video={video} nowMs={clock.nowMs()} />
      <div className="video-actions">
        <JobAction video={video} onChanged={onJobChanged} />
        <button
          type="button"
          className="icon-button"
          aria-label={`Rename ${video.title}`}
          onClick={() => setDoing('renaming')}
        >
          <Icon name="pencil" />
        </button>
        <button
          type="button"
          className="icon-button icon-button-danger"
          aria-label={`Delete ${video.title}`}
          onClick={() => setDoing('deleting')}
        >
          <Icon name="trash" />
        </button>
      </div>
      {doing === 'deleting' && (
        <ConfirmDialog
          title="Delete this video?"
          action="Delete"
          onClose={stop}
          onConfirm={async () => {
            await deleteVideo(video.id);
            onChanged(undefined);
          }}
        >
          <p>
            <strong>{video.title}</strong> and everything made from it will be removed for good.
          </p>
        </ConfirmDialog>
      )}
    </li>
  );
}

function SecondLine({ video }: { video: VideoResource }) {
  const failed = failedJob(video);
  if (failed?.state === 'failed' || shownState(video) === 'failed') {
    const message = failed?.error?.message ?? video.error?.message ?? 'Processing failed.';
    return <div className="video-second error-text">{message}</div>;
  }
  return <div className="video-second">{video.source.filename}</div>;
}

function Facts({ video: { source, createdAt }, nowMs }: { video: VideoResource; nowMs: number }) {
  return (
    <div className="video-facts">
      <span className="fact-size-px">{formatSize(source.widthPx, source.heightPx) ?? '–'}</span>
      <span className="fact-bytes">{source.sizeBytes === 0 ? '–' : formatBytes(source.sizeBytes)}</span>
      <time className="fact-age" dateTime={createdAt}>
        {formatAge(createdAt, nowMs)}
      </time>
    </div>
  );
}
