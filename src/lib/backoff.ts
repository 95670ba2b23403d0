export type BackoffOptions = { readonly firstMs: number; readonly maxMs: number };

/** How long to wait after so many failures in a row: doubling, bounded, and never the same for two who failed at once. */
export function backoffMs(failures: number, random: () => number, { firstMs, maxMs }: BackoffOptions): number {
  const full = Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return full / 2 + (random() * full) / 2;
}
