import { PageLink } from '../navigation/page-link.tsx';
import { Notice } from '../shared/notice.tsx';
import { TopBar } from '../shared/top-bar.tsx';

export const NotFound = ({ title }: { title: string }) => (
  <>
    <TopBar />
    <main className="page">
      <Notice icon="alert" title={title}>
        <p>It may have been deleted, or the address is not complete.</p>
        <PageLink href="/" className="button">
          To the library
        </PageLink>
      </Notice>
    </main>
  </>
);
