import type { MountPlayer } from './mount-player.ts';

export type Tech = 'hls' | 'dash';

/** The players weigh more than all the rest, so each loads only where it plays. */
export async function loadPlayer(tech: Tech): Promise<MountPlayer> {
  const [{ mountPlayer }, attach] = await Promise.all([import('./mount-player.ts'), loadAttach(tech)]);
  return (host, options) => mountPlayer(host, options, attach);
}

const loadAttach = async (tech: Tech) =>
  tech === 'hls' ? (await import('./attach-hls.ts')).attachHls : (await import('./attach-dash.ts')).attachDash;

/** Begins to load a player before it is known whether there is something to play. */
export function preloadPlayer(tech: Tech): void {
  // The page that needs it loads it again and shows what is wrong; here it would be unhandled.
  loadPlayer(tech).catch(() => undefined);
}
