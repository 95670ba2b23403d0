import { setTimeout as delay } from 'node:timers/promises';
import type { ServerEvent } from '../lib/event-stream.ts';
import type { KeyedBell } from '../lib/keyed-bell.ts';

/** No video has this id. */
const ANY_VIDEO = 'any';

/** A list is asked for anew after each event: as often as a person can follow. */
const BREATH_MS = 1_000;
const QUIET_MS = 60_000;

/** Something happened to a video: whoever follows it is woken, and whoever follows all of them. */
export function ringVideo(videoBell: KeyedBell, videoId: string): void {
  for (const key of [videoId, ANY_VIDEO]) videoBell.ring(key);
}

/** Says that something happened to some video: whoever shows a list asks for it again. Nothing of it is resumable. */
export async function* followLibrary(
  { videoBell }: { readonly videoBell: KeyedBell },
  signal: AbortSignal,
): AsyncGenerator<ServerEvent> {
  using rings = videoBell.listen(ANY_VIDEO);
  let told = -1;
  while (!signal.aborted) {
    // The first at once, so that a client knows from when on nothing is missed.
    if (rings.rings !== told) yield { event: 'changed', data: {} };
    told = rings.rings;
    await delay(BREATH_MS, undefined, { signal }).catch(() => undefined);
    await rings.wait(QUIET_MS, signal);
  }
}
