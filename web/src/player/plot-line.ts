export type PlotBox = { readonly widthPx: number; readonly heightPx: number; readonly samples: number };

/**
 * The points of an SVG polyline: the last sample stands at the right edge, the largest value at the top. A sample that
 * is not known is left out.
 */
export function plotLine(values: readonly (number | undefined)[], { widthPx, heightPx, samples }: PlotBox): string {
  const known = values.slice(-samples);
  const top = Math.max(...known.map((value) => value ?? 0), Number.MIN_VALUE);
  const stepPx = widthPx / (samples - 1);
  const firstPx = widthPx - (known.length - 1) * stepPx;
  return known
    .flatMap((value, i) =>
      value === undefined ? [] : [`${rounded(firstPx + i * stepPx)},${rounded(heightPx * (1 - value / top))}`],
    )
    .join(' ');
}

const rounded = (px: number): number => Math.round(px * 10) / 10;
