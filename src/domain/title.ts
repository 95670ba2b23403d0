/** How titles are compared in a search: two that differ only in case or in how a letter is put together are one. */
export const foldTitle = (title: string): string => title.normalize('NFKC').toLowerCase();
