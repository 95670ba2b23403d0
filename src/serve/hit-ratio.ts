/** Requests or bytes by what the cache did for them, since the start; `none`: answered without looking. */
export type ByOutcome = Readonly<Record<'hit' | 'prefetched' | 'miss' | 'coalesced' | 'none', number>>;

/** The share that waited for nobody. Whoever waited for another's read was no hit. Null before the first request. */
export function hitRatio({ hit, prefetched, miss, coalesced }: ByOutcome): number | null {
  const all = hit + prefetched + miss + coalesced;
  return all === 0 ? null : (hit + prefetched) / all;
}
