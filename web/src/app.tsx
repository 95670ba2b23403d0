import { LibraryPage } from './library/library-page.tsx';
import { parseFilter } from './library/parse-filter.ts';
import { type Page, parsePage } from './navigation/parse-page.ts';
import { useLocation } from './navigation/use-location.ts';
import type { PageClock } from './shared/clock.ts';
import { ErrorBoundary } from './shared/error-boundary.tsx';
import { SystemPage } from './system/system-page.tsx';
import { UploadDock } from './upload/upload-dock.tsx';
import type { UploadQueue } from './upload/upload-queue.ts';
import { NotFound } from './watch/not-found.tsx';
import { parseWish } from './watch/parse-wish.ts';
import { WatchPage } from './watch/watch-page.tsx';

export type AppProps = { uploads: UploadQueue; clock: PageClock };

export function App({ uploads, clock }: AppProps) {
  const { pathname, search } = useLocation();
  const page = parsePage(pathname);
  return (
    <ErrorBoundary key={pathname}>
      {pageFor(page, search, { uploads, clock })}
      <UploadDock queue={uploads} clock={clock} />
    </ErrorBoundary>
  );
}

function pageFor(page: Page, search: string, { uploads, clock }: AppProps) {
  switch (page.name) {
    case 'library':
      return <LibraryPage filter={parseFilter(search)} uploads={uploads} clock={clock} />;
    case 'system':
      return <SystemPage clock={clock} />;
    case 'watch':
      return <WatchPage key={page.videoId} videoId={page.videoId} wish={parseWish(search)} clock={clock} />;
    case 'unknown':
      return <NotFound title="Nothing is here" />;
    default:
      return page satisfies never;
  }
}
