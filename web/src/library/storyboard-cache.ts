import { parseStoryboard, type Tile } from './parse-storyboard.ts';

/** Nobody goes back and forth over more rows than a few screens show. */
const MOST_KEPT = 60;
const ANSWER_DEADLINE_MS = 10_000;

export type LoadStoryboard = (path: string) => Promise<readonly Tile[]>;

/** Loads storyboards once each. What failed is asked for again by the next visit. */
export function createStoryboardCache(load: LoadStoryboard = loadStoryboard): LoadStoryboard {
  const kept = new Map<string, Promise<readonly Tile[]>>();
  return (path) => {
    const known = kept.get(path);
    if (known) return known;
    const oldest = kept.size >= MOST_KEPT ? kept.keys().next().value : undefined;
    if (oldest !== undefined) kept.delete(oldest);
    const loading = load(path);
    kept.set(path, loading);
    loading.catch(() => kept.delete(path));
    return loading;
  };
}

async function loadStoryboard(path: string): Promise<readonly Tile[]> {
  const answer = await fetch(path, { signal: AbortSignal.timeout(ANSWER_DEADLINE_MS) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  // It was sent on into a playback session, beside which the sheets stand.
  return parseStoryboard(await answer.text(), answer.url);
}
