const PATHS = {
  search: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.3 15.3L20 20',
  upload: 'M12 16V5m0 0L7.5 9.5M12 5l4.5 4.5M5 19h14',
  trash: 'M5 7h14M10 7V5h4v2m-7.5 0 .8 12h9.4l.8-12M10.5 11v4.5m3-4.5v4.5',
  pencil: 'M5 19l.9-3.8L15.7 5.4a1.5 1.5 0 0 1 2.1 0l.8.8a1.5 1.5 0 0 1 0 2.1L8.8 18.1 5 19z',
  retry: 'M19 6v4.5h-4.5M18.5 10.5A7 7 0 1 0 19 13.5',
  pause: 'M9 6v12m6-12v12',
  play: 'M8 5.5v13l10.5-6.5z',
  close: 'M6.5 6.5l11 11m0-11l-11 11',
  check: 'M5.5 12.5l4.5 4.5 8.5-9.5',
  chevron: 'M7 10l5 5 5-5',
  alert: 'M12 8v5m0 3.2v.1M12 3.8l9 15.7H3z',
  plus: 'M12 5.5v13M5.5 12h13',
  copy: 'M9 9h10v10H9zM15 9V5H5v10h4',
  download: 'M12 5v11m0 0l-4.5-4.5M12 16l4.5-4.5M5 19h14',
  offline:
    'M4 4l16 16M8.5 12.5a5 5 0 0 1 3-1.4M5.3 9.2a10 10 0 0 1 3.6-2.1M12.5 6.5a10 10 0 0 1 6.3 2.8M15.3 12.7l.3.3M12 17.5v.1',
} as const;

export type IconName = keyof typeof PATHS;

/** Always beside a text or on a labelled button, so it has no name of its own. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
