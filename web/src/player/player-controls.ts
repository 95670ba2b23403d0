import './media-chrome.ts';
import './player.css';
import './player-panels.css';

/** Every key is said in the dialog of shortcuts.ts. Arrows up and down scroll the page. */
const HOTKEYS = 'noarrowup noarrowdown noshift+/';
export const SEEK_SECONDS = 5;

const CONTROLS = `
<media-controller hotkeys="${HOTKEYS}" tabindex="-1"
  keyboardforwardseekoffset="${SEEK_SECONDS}" keyboardbackwardseekoffset="${SEEK_SECONDS}">
  <media-loading-indicator slot="centered-chrome" noautohide></media-loading-indicator>
  <media-captions-menu hidden anchor="auto"></media-captions-menu>
  <media-audio-track-menu hidden anchor="auto"></media-audio-track-menu>
  <media-playback-rate-menu hidden anchor="auto" rates="0.5 0.75 1 1.25 1.5 2"></media-playback-rate-menu>
  <media-rendition-menu hidden anchor="auto"></media-rendition-menu>
  <media-time-range></media-time-range>
  <media-control-bar>
    <media-play-button></media-play-button>
    <media-mute-button></media-mute-button>
    <media-volume-range></media-volume-range>
    <media-time-display showduration notoggle></media-time-display>
    <span class="player-space"></span>
    <media-captions-menu-button></media-captions-menu-button>
    <media-audio-track-menu-button></media-audio-track-menu-button>
    <media-playback-rate-menu-button></media-playback-rate-menu-button>
    <media-rendition-menu-button></media-rendition-menu-button>
    <button type="button" class="player-button" data-action="stats" aria-label="Statistics" aria-pressed="false" title="Statistics (S)">
      <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 19V5m0 14h16M8 15l3.5-4 3 2.5L19 8"/></svg>
    </button>
    <button type="button" class="player-button" data-action="shortcuts" aria-label="Keyboard shortcuts" aria-haspopup="dialog" title="Keyboard shortcuts (?)">
      <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M9 9.2a3 3 0 1 1 4.4 2.7c-.9.5-1.4 1-1.4 2v.4M12 17.4v.1"/></svg>
    </button>
    <media-pip-button></media-pip-button>
    <media-fullscreen-button></media-fullscreen-button>
  </media-control-bar>
</media-controller>`;

/** The controls, as media-chrome draws them, around a place for the media element. */
export function createControls({ title, remembers }: { title: string; remembers: boolean }): HTMLElement {
  const template = document.createElement('template');
  template.innerHTML = CONTROLS.trim();
  const controller = document.importNode(template.content, true).firstElementChild as HTMLElement;
  controller.setAttribute('aria-label', title);
  // It would ask for a storage that is not there, and break off.
  if (!remembers) for (const name of ['novolumepref', 'nosubtitleslangpref']) controller.setAttribute(name, '');
  return controller;
}

/** Calls back when one of the two buttons of our own is pressed. */
export const onAction = (controls: HTMLElement, action: 'stats' | 'shortcuts', act: () => void): void =>
  controls.querySelector(`[data-action=${action}]`)?.addEventListener('click', act);
