import { SEEK_SECONDS } from './player-controls.ts';

/** What media-chrome does with its keys, and two of our own. */
const SHORTCUTS: readonly (readonly [keys: readonly string[], does: string])[] = [
  [['Space', 'K'], 'Play or pause'],
  [['←', 'J'], `Back ${SEEK_SECONDS} seconds`],
  [['→', 'L'], `Forward ${SEEK_SECONDS} seconds`],
  [['M'], 'Sound off or on'],
  [['C'], 'Captions off or on'],
  [['<', '>'], 'Slower or faster'],
  [['F'], 'Full screen'],
  [['P'], 'Picture in picture'],
  [['S'], 'Statistics'],
  [['?'], 'This list'],
];

/** What the player understands wherever nothing else has the focus. */
const PAGE_KEYS = new Set([' ', 'k', 'j', 'l', 'm', 'c', 'f', 'p', 's', '<', '>', '?', 'ArrowLeft', 'ArrowRight']);

/** Opens the list of keys; it is made when it is asked for and leaves when it is closed. */
export function showShortcuts(host: HTMLElement): void {
  const dialog = document.createElement('dialog');
  dialog.className = 'player-shortcuts';
  dialog.setAttribute('aria-labelledby', 'player-shortcuts-title');
  dialog.innerHTML = `
    <form method="dialog">
      <h2 id="player-shortcuts-title">Keyboard shortcuts</h2>
      <dl>${SHORTCUTS.map(rowOf).join('')}</dl>
      <button class="player-choice" autofocus>Close</button>
    </form>`;
  dialog.addEventListener('close', () => dialog.remove());
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });
  // Keys that are meant for the dialog would otherwise work the player behind it.
  for (const name of ['keydown', 'keyup'] as const) dialog.addEventListener(name, (event) => event.stopPropagation());
  host.append(dialog);
  dialog.showModal();
}

const rowOf = ([keys, does]: (typeof SHORTCUTS)[number]): string =>
  `<div><dt>${keys.map((key) => `<kbd>${key.replace('<', '&lt;')}</kbd>`).join(' ')}</dt><dd>${does}</dd></div>`;

type OwnKeys = { readonly s: () => void; readonly '?': () => void };

/** Hands keys that are pressed while nothing has the focus to the player, and takes those of our own. */
export function takeKeys(controls: HTMLElement, own: OwnKeys, signal: AbortSignal): void {
  const isPlain = (event: KeyboardEvent): boolean => !event.ctrlKey && !event.metaKey && !event.altKey;
  const fromPage = (event: KeyboardEvent): void => {
    if (event.target !== document.body || !PAGE_KEYS.has(event.key) || !isPlain(event)) return;
    event.preventDefault();
    controls.focus({ preventScroll: true });
    // media-chrome acts on the release, which now comes to it by itself.
    controls.dispatchEvent(new KeyboardEvent('keydown', event));
  };
  const inPlayer = (event: KeyboardEvent): void => {
    if (isPlain(event) && (event.key === 's' || event.key === '?')) own[event.key]();
  };
  document.addEventListener('keydown', fromPage, { signal });
  controls.addEventListener('keydown', inPlayer, { signal });
}
