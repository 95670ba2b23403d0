import { type ComponentType, lazy } from 'react';
import type { PlayerProps } from './player.tsx';

/** The players weigh more than all the rest, so each loads only where it plays. */
const loadHls = () => import('./hls-player.tsx').then(({ HlsPlayer }) => ({ default: HlsPlayer }));
const loadDash = () => import('./dash-player.tsx').then(({ DashPlayer }) => ({ default: DashPlayer }));

const PLAYERS: Readonly<Record<'hls' | 'dash', ComponentType<PlayerProps>>> = {
  hls: lazy(loadHls),
  dash: lazy(loadDash),
};

export const playerFor = (tech: 'hls' | 'dash'): ComponentType<PlayerProps> => PLAYERS[tech];

/** Begins to load a player before it is known whether there is something to play. */
export function preloadPlayer(tech: 'hls' | 'dash'): void {
  const loading = tech === 'hls' ? loadHls() : loadDash();
  // The page that needs it loads it again and shows what is wrong; here it would be unhandled.
  loading.catch(() => undefined);
}
