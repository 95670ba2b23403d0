const isShown = ({ kind, mode }: TextTrack): boolean => mode === 'showing' && kind !== 'metadata';

/**
 * Shows the captions of a viewer again when they come back: with another source all text tracks are new ones, and off.
 * A track that leaves was not switched off by anybody.
 */
export function keepCaptions({ textTracks }: HTMLVideoElement, signal: AbortSignal): void {
  let wanted: TextTrack | undefined;
  const note = (): void => {
    const tracks = [...textTracks];
    const shown = tracks.find(isShown);
    if (shown || (wanted && tracks.includes(wanted))) wanted = shown;
  };
  const show = ({ track }: TrackEvent): void => {
    if (wanted && track && track.language === wanted.language && track.label === wanted.label) track.mode = 'showing';
  };
  textTracks.addEventListener('change', note, { signal });
  textTracks.addEventListener('addtrack', show, { signal });
}
