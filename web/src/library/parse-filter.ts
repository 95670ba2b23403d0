import type { VideoState } from '../../../src/domain/states.ts';

/** Which videos the library shows; it stands in the address, so that it can be kept and sent. */
export type VideoFilter = { readonly q: string; readonly state: VideoState | undefined };

/** States that somebody looks for; the others pass within seconds. */
export const FILTER_STATES = ['processing', 'ready', 'failed'] as const satisfies readonly VideoState[];

/** The server refuses longer ones. */
export const SEARCH_MOST_CHARACTERS = 200;

export function parseFilter(search: string): VideoFilter {
  const query = new URLSearchParams(search);
  const state = FILTER_STATES.find((known) => known === query.get('state'));
  return { q: (query.get('q') ?? '').slice(0, SEARCH_MOST_CHARACTERS), state };
}

/** The address of the library with a filter. */
export function libraryPath({ q, state }: VideoFilter): string {
  const query = new URLSearchParams({ ...(q === '' ? {} : { q }), ...(state ? { state } : {}) }).toString();
  return query === '' ? '/' : `/?${query}`;
}

export const isFiltered = ({ q, state }: VideoFilter): boolean => q.trim() !== '' || state !== undefined;
