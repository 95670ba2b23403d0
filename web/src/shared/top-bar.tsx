import type { ReactNode } from 'react';
import { PageLink } from '../navigation/page-link.tsx';
import { type Page, SYSTEM_PATH } from '../navigation/parse-page.ts';
import { Mark } from './mark.tsx';

type Props = { here?: Page['name']; children?: ReactNode };

export function TopBar({ here, children }: Props) {
  const current = (name: Page['name']) => (here === name ? ({ 'aria-current': 'page' } as const) : {});
  return (
    <header className="top-bar">
      <div className="top-bar-inner">
        <PageLink href="/" className="brand" aria-label="Millrace, to the library">
          <Mark />
          <span className="brand-name">Millrace</span>
        </PageLink>
        <nav className="top-bar-pages" aria-label="Pages">
          <PageLink href="/" {...current('library')}>
            Videos
          </PageLink>
          <PageLink href={SYSTEM_PATH} {...current('system')}>
            System
          </PageLink>
        </nav>
        {children}
      </div>
    </header>
  );
}
