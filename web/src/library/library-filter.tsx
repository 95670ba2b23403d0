import { useEffect, useRef, useState } from 'react';
import { PageLink } from '../navigation/page-link.tsx';
import { replacePath } from '../navigation/use-location.ts';
import { Icon } from '../shared/icons.tsx';
import { STATE_WORDS } from '../shared/video-state.tsx';
import { FILTER_STATES, libraryPath, SEARCH_MOST_CHARACTERS, type VideoFilter } from './parse-filter.ts';

/** Less than the pause between two letters of a slow typist would ask the server for each of them. */
const TYPED_PAUSE_MS = 150;

/** Search by title, and one state or all of them. What is chosen stands in the address. */
export function LibraryFilter({ filter }: { filter: VideoFilter }) {
  return (
    <search className="library-filter">
      <SearchBox filter={filter} />
      <nav className="segments" aria-label="State">
        {[undefined, ...FILTER_STATES].map((state) => (
          <PageLink
            key={state ?? 'all'}
            href={libraryPath({ ...filter, state })}
            {...(state === filter.state ? { 'aria-current': 'true' } : {})}
          >
            {state ? STATE_WORDS[state] : 'All'}
          </PageLink>
        ))}
      </nav>
    </search>
  );
}

function SearchBox({ filter }: { filter: VideoFilter }) {
  const [text, setText] = useState(filter.q);
  const input = useRef<HTMLInputElement>(null);
  useFocusBySlash(input);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what is typed leads to another address.
  useEffect(() => {
    if (text === filter.q) return;
    const timer = setTimeout(() => replacePath(libraryPath({ ...filter, q: text })), TYPED_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  // The other way: the history, or the link back to all videos. What is being typed is newer than the address.
  useEffect(() => {
    if (document.activeElement !== input.current) setText(filter.q);
  }, [filter.q]);
  return (
    <label className="search-box">
      <Icon name="search" />
      <input
        ref={input}
        type="search"
        className="input"
        placeholder="Search titles"
        aria-label="Search titles"
        aria-keyshortcuts="/"
        maxLength={SEARCH_MOST_CHARACTERS}
        value={text}
        onChange={(event) => setText(event.target.value)}
        data-testid="search"
      />
    </label>
  );
}

/** As in many a program; not while somebody writes a slash. */
function useFocusBySlash(input: { readonly current: HTMLInputElement | null }): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const { target, key, ctrlKey, metaKey, altKey } = event;
      if (key !== '/' || ctrlKey || metaKey || altKey) return;
      if (target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]')) return;
      event.preventDefault();
      input.current?.focus();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [input]);
}
