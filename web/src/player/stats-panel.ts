import { plotLine } from './plot-line.ts';
import { cacheOf, type Readings, segmentTitle, statRows } from './stats-readings.ts';

const EVERY_MS = 1000;
const PLOT = { widthPx: 240, heightPx: 36, samples: 60 };

export type StatsPanel = { toggle(): void; close(): void };

/** "Stats for nerds": reads once a second while it is open, and costs nothing while it is not. */
export function createStatsPanel(
  host: HTMLElement,
  read: () => Readings,
  onToggled: (isOpen: boolean) => void,
): StatsPanel {
  let panel: HTMLElement | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;

  function open(): void {
    panel = createPanel();
    panel.querySelector('button')?.addEventListener('click', close);
    host.append(panel);
    const history: Readings[] = [];
    const shown = panel;
    const update = (): void => {
      history.push(read());
      if (history.length > PLOT.samples) history.shift();
      draw(shown, history);
    };
    update();
    timer = setInterval(update, EVERY_MS);
    onToggled(true);
  }

  function close(): void {
    clearInterval(timer);
    panel?.remove();
    panel = undefined;
    onToggled(false);
  }

  return { toggle: () => (panel ? close() : open()), close };
}

function createPanel(): HTMLElement {
  const panel = document.createElement('section');
  panel.className = 'player-stats';
  panel.setAttribute('aria-label', 'Statistics');
  panel.dataset.testid = 'player-stats';
  const plot = (name: string): string => `
    <figure class="player-plot">
      <figcaption>${name}, last minute</figcaption>
      <svg viewBox="0 -2 ${PLOT.widthPx} ${PLOT.heightPx + 4}" preserveAspectRatio="none" role="img" aria-label="${name} over the last minute">
        <polyline class="plot-${name.toLowerCase()}"/>
      </svg>
    </figure>`;
  panel.innerHTML = `
    <button type="button" class="player-button" aria-label="Close statistics">
      <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M7 7l10 10M17 7L7 17"/></svg>
    </button>
    <dl></dl>
    <ol class="player-segments" aria-label="Last segments"></ol>
    ${plot('Buffer')}${plot('Throughput')}`;
  return panel;
}

function draw(panel: HTMLElement, history: readonly Readings[]): void {
  const now = history.at(-1);
  if (!now) return;
  panel.querySelector('dl')?.replaceChildren(...statRows(now).map(rowOf));
  panel.querySelector('ol')?.replaceChildren(
    ...now.segments.map((note) => {
      const text = segmentTitle(note);
      const item = Object.assign(document.createElement('li'), { title: text, textContent: text });
      item.dataset.cache = cacheOf(note);
      return item;
    }),
  );
  const line = (name: string, values: readonly (number | undefined)[]): void =>
    panel.querySelector(`.plot-${name}`)?.setAttribute('points', plotLine(values, PLOT));
  line(
    'buffer',
    history.map(({ bufferSeconds }) => bufferSeconds),
  );
  line(
    'throughput',
    history.map(({ throughputBps }) => throughputBps),
  );
}

function rowOf([name, value]: readonly [string, string]): HTMLElement {
  const row = document.createElement('div');
  const [term, detail] = [document.createElement('dt'), document.createElement('dd')];
  term.append(name);
  detail.append(value);
  row.append(term, detail);
  return row;
}
