/** Renditions of sound are named `a` or `a-…` (`a-en`), those of pictures `v…` (`v240`): docs/object-keys.md. */
export const isAudio = (rendition: string): boolean => rendition === 'a' || rendition.startsWith('a-');
