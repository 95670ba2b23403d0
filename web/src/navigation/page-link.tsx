import type { ComponentProps, MouseEvent, ReactNode } from 'react';
import { moveTo } from './use-location.ts';

type Props = ComponentProps<'a'> & { href: string; children: ReactNode };

/** A link to another of our pages. Only a plain click is taken over; everything else stays the browser's. */
export function PageLink({ href, children, ...rest }: Props) {
  return (
    <a {...rest} href={href} onClick={(event) => follow(event, href)}>
      {children}
    </a>
  );
}

function follow(event: MouseEvent, href: string): void {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  moveTo(href);
}
