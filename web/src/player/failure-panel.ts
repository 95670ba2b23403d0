import type { Failure } from './failure.ts';

/** Covers the player with what went wrong; pressing the button takes it away. */
export function showFailure(host: HTMLElement, { message }: Failure, onTryAgain: () => void): void {
  const panel = document.createElement('div');
  panel.className = 'player-failure';
  panel.setAttribute('role', 'alert');
  panel.innerHTML = `
    <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 8v5m0 3.2v.1M12 3.8l9 15.7H3z"/></svg>
    <p></p>
    <button type="button" class="player-choice">Try again</button>`;
  panel.querySelector('p')?.append(message);
  panel.querySelector('button')?.addEventListener('click', () => {
    panel.remove();
    onTryAgain();
  });
  host.append(panel);
}
