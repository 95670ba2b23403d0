export type Point = readonly [x: number, y: number];
export type Series = {
  readonly name: string;
  readonly color: string;
  /** area and steps hold a value until the next one. */
  readonly as: 'area' | 'steps' | 'line' | 'dots';
  readonly points: readonly Point[];
};
export type Panel = {
  readonly title: string;
  readonly ticks: readonly number[];
  readonly yMax: number;
  readonly series: readonly Series[];
};
export type Plot = {
  readonly title: string;
  readonly xMax: number;
  readonly xName: string;
  readonly panels: readonly Panel[];
};

const WIDTH = 960;
const LEFT = 60;
const RIGHT = 20;
const TOP = 40;
const PANEL_HEIGHT = 150;
/** Between two panels: the title of the next one. */
const GAP = 42;
const X_TICK = 10;

/** Panels one above the other over one axis of time, as an SVG text. Same data, same text. */
export function plotSvg({ title, xMax, xName, panels }: Plot): string {
  const height = TOP + panels.length * (PANEL_HEIGHT + GAP) + 30;
  const x = (value: number): number => LEFT + (value / xMax) * (WIDTH - LEFT - RIGHT);
  const bottom = TOP + panels.length * (PANEL_HEIGHT + GAP);
  const ticks = Array.from({ length: Math.floor(xMax / X_TICK) + 1 }, (_, i) => i * X_TICK);
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>${title}: what was given and what was played, over time</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    text(LEFT, 22, title, 'font-size="15" font-weight="600"'),
    ...panels.flatMap((panel, i) => panelSvg(panel, { x, xMax, ticks, top: TOP + GAP / 2 + i * (PANEL_HEIGHT + GAP) })),
    ...ticks.map((tick) => text(x(tick), bottom, String(tick), 'text-anchor="middle"')),
    text((LEFT + WIDTH - RIGHT) / 2, bottom + 18, xName, 'text-anchor="middle"'),
    '</svg>',
  ].join('\n')}\n`;
}

type Frame = {
  readonly x: (value: number) => number;
  readonly xMax: number;
  readonly ticks: readonly number[];
  readonly top: number;
};

function panelSvg({ title, ticks, yMax, series }: Panel, { x, xMax, ticks: xTicks, top }: Frame): string[] {
  const y = (value: number): number => top + PANEL_HEIGHT * (1 - Math.min(value, yMax) / yMax);
  const right = WIDTH - RIGHT;
  return [
    text(LEFT, top - 8, title, 'font-weight="600"'),
    ...legend(series, top - 8),
    ...xTicks.map((tick) => line(x(tick), top, x(tick), top + PANEL_HEIGHT, '#f2f2f2')),
    ...ticks.flatMap((tick) => [
      line(LEFT, y(tick), right, y(tick), '#ddd'),
      text(LEFT - 6, y(tick) + 4, String(tick), 'text-anchor="end"'),
    ]),
    ...series.map((one) => seriesSvg(one, { x, y, xMax })),
  ];
}

const LEGEND_WIDTH = 190;

const legend = (series: readonly Series[], at: number): string[] =>
  series.flatMap(({ name, color }, i) => {
    const left = WIDTH - RIGHT - (series.length - i) * LEGEND_WIDTH;
    return [`<rect x="${left}" y="${at - 9}" width="10" height="10" fill="${color}"/>`, text(left + 15, at, name, '')];
  });

type Scales = { readonly x: (value: number) => number; readonly y: (value: number) => number; readonly xMax: number };

function seriesSvg({ as, color, points }: Series, { x, y, xMax }: Scales): string {
  const at = ([px, py]: Point): string => `${round(x(px))},${round(y(py))}`;
  if (as === 'dots')
    return points
      .map(([px, py]) => `<circle cx="${round(x(px))}" cy="${round(y(py))}" r="3" fill="${color}"/>`)
      .join('\n');
  const path = as === 'line' ? points : stepped(points, xMax);
  if (as === 'area') {
    const floor: Point[] = [
      [path.at(-1)?.[0] ?? 0, 0],
      [path[0]?.[0] ?? 0, 0],
    ];
    return `<polygon points="${[...path, ...floor].map(at).join(' ')}" fill="${color}"/>`;
  }
  return `<polyline points="${path.map(at).join(' ')}" fill="none" stroke="${color}" stroke-width="1.8"/>`;
}

/** Each value holds until the next one begins, the last one to the end. */
const stepped = (points: readonly Point[], xMax: number): Point[] =>
  points.flatMap(([px, py], i): Point[] => [
    [px, py],
    [points[i + 1]?.[0] ?? xMax, py],
  ]);

const round = (value: number): string => value.toFixed(1);

const line = (x1: number, y1: number, x2: number, y2: number, color: string): string =>
  `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${color}"/>`;

const text = (x: number, y: number, content: string, attributes: string): string =>
  `<text x="${round(x)}" y="${round(y)}" fill="#333" ${attributes}>${content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`;
