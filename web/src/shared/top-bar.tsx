import type { ReactNode } from 'react';
import { PageLink } from '../navigation/page-link.tsx';
import { Mark } from './mark.tsx';

export function TopBar({ children }: { children?: ReactNode }) {
  return (
    <header className="top-bar">
      <div className="top-bar-inner">
        <PageLink href="/" className="brand" aria-label="Millrace, to the library">
          <Mark />
          <span>Millrace</span>
        </PageLink>
        {children}
      </div>
    </header>
  );
}
