import { useEffect, useState } from 'react';
import { messageOf } from '../api/problem.ts';
import { PageLink } from '../navigation/page-link.tsx';
import type { PageClock } from '../shared/clock.ts';
import { ConnectionNote, failureText } from '../shared/connection-note.tsx';
import { Notice } from '../shared/notice.tsx';
import { TopBar } from '../shared/top-bar.tsx';
import { useTitle } from '../shared/use-title.ts';
import { STATE_WORDS } from '../shared/video-state.tsx';
import { DropArea } from '../upload/drop-area.tsx';
import { UploadButton } from '../upload/upload-button.tsx';
import type { UploadQueue } from '../upload/upload-queue.ts';
import { useUploads } from '../upload/use-uploads.ts';
import { LibraryFilter } from './library-filter.tsx';
import { isUnderWay, type LoadedVideos } from './merge-videos.ts';
import { isFiltered, type VideoFilter } from './parse-filter.ts';
import { SkeletonRows } from './skeleton-rows.tsx';
import { createStoryboardCache } from './storyboard-cache.ts';
import { useVideoList, type VideoListState } from './use-video-list.ts';
import { VideoRow } from './video-row.tsx';

type Props = { filter: VideoFilter; uploads: UploadQueue; clock: PageClock };

export function LibraryPage({ filter, uploads, clock }: Props) {
  useTitle('');
  const list = useVideoList(filter);
  useRefreshAfterUploads(uploads, list.refresh);
  const { loaded, failure } = list;
  return (
    <>
      <TopBar here="library">
        <UploadButton onFiles={uploads.add} />
      </TopBar>
      <main className="page">
        <div className="page-head">
          <h1>Videos</h1>
          <p className="page-count" role="status">
            {loaded && loaded.videos.length > 0 && countText(loaded)}
          </p>
          <ConnectionNote failure={loaded && failure} />
          <LibraryFilter filter={filter} />
        </div>
        <Videos list={list} filter={filter} clock={clock} />
      </main>
      <DropArea onFiles={uploads.add} />
    </>
  );
}

type VideosProps = { list: VideoListState; filter: VideoFilter; clock: PageClock };

function Videos({ list: { loaded, failure, loadMore, refresh, replace }, filter, clock }: VideosProps) {
  const [loadStoryboard] = useState(() => createStoryboardCache());
  if (!loaded && failure !== undefined) return <CannotLoad failure={failure} />;
  if (!loaded) return <SkeletonRows />;
  if (loaded.videos.length === 0) return isFiltered(filter) ? <NothingFound filter={filter} /> : <EmptyLibrary />;
  return (
    <>
      <div className="video-columns" aria-hidden="true">
        <span className="column-name">Title</span>
        <span>State</span>
        <span>Resolution</span>
        <span>Size</span>
        <span>Added</span>
      </div>
      <ul className="video-list">
        {loaded.videos.map((video) => (
          <VideoRow
            key={video.id}
            video={video}
            clock={clock}
            loadStoryboard={loadStoryboard}
            onChanged={(fresh) => replace(video.id, fresh)}
            onJobChanged={refresh}
          />
        ))}
      </ul>
      {loaded.next !== null && <LoadMore loadMore={loadMore} />}
    </>
  );
}

function LoadMore({ loadMore }: { loadMore: () => Promise<void> }) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  async function load(): Promise<void> {
    setBusy(true);
    setFailure(undefined);
    try {
      await loadMore();
    } catch (error) {
      setFailure(messageOf(error));
    } finally {
      setBusy(false);
    }
  }
  return (
    <div className="load-more">
      <button type="button" className="button" disabled={busy} onClick={load} data-testid="load-more">
        {busy ? 'Loading…' : 'Load more'}
      </button>
      {failure && (
        <p className="error-text" role="alert">
          {failure}
        </p>
      )}
    </div>
  );
}

const EmptyLibrary = () => (
  <Notice icon="upload" title="No videos yet">
    <p>Drop files anywhere on this page, or choose them with Upload. They play here as soon as they are processed.</p>
  </Notice>
);

const NothingFound = ({ filter: { q, state } }: { filter: VideoFilter }) => (
  <Notice icon="search" title="No video is found" role="status">
    <p>
      {state ? `None that is ${STATE_WORDS[state].toLowerCase()}` : 'None'}
      {q.trim() !== '' && ` has “${q.trim()}” in its title`}.
    </p>
    <PageLink href="/" className="button">
      Show all videos
    </PageLink>
  </Notice>
);

const CannotLoad = ({ failure }: { failure: unknown }) => (
  <Notice icon="offline" title="The library cannot be shown" role="alert">
    <p>{failureText(failure)}</p>
  </Notice>
);

function countText({ videos, next }: LoadedVideos): string {
  const underWay = videos.filter(isUnderWay).length;
  const count = `${videos.length}${next === null ? '' : '+'}`;
  return underWay === 0 ? count : `${count} · ${underWay} in progress`;
}

/** An upload that begins or ends changes the library; there is no need to wait for the next round. */
function useRefreshAfterUploads(queue: UploadQueue, refresh: () => void): void {
  const changes = useUploads(queue)
    .map(({ key, phase }) => `${key}:${phase.state}`)
    .join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when the uploads change, and only then.
  useEffect(() => {
    if (changes !== '') refresh();
  }, [changes]);
}
