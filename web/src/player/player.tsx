import { type ComponentType, lazy, useEffect, useRef } from 'react';
import { loadPlayer, type Tech } from './load-player.ts';
import type { MountedPlayer, MountPlayer, PlayerOptions } from './mount-player.ts';

export type PlayerProps = PlayerOptions;

/** The player as a React component, which suspends while its code loads. */
export const playerFor = (tech: Tech): ComponentType<PlayerProps> => PLAYERS[tech];

const load = async (tech: Tech) => {
  const mount = await loadPlayer(tech);
  return { default: (props: PlayerProps) => <Player mount={mount} {...props} /> };
};

const PLAYERS: Readonly<Record<Tech, ComponentType<PlayerProps>>> = {
  hls: lazy(() => load('hls')),
  dash: lazy(() => load('dash')),
};

function Player({ mount, ...options }: PlayerProps & { mount: MountPlayer }) {
  const host = useRef<HTMLDivElement>(null);
  const mounted = useRef<MountedPlayer>(null);
  const { src, autoplay, muted, showStats, poster, storyboard, isGrowing } = options;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the rest changes while it plays, below.
  useEffect(() => {
    if (!host.current) return;
    mounted.current = mount(host.current, options);
    return () => mounted.current?.destroy();
  }, [mount, src, autoplay, muted, showStats]);

  useEffect(() => mounted.current?.update({ poster, storyboard, isGrowing }), [poster, storyboard, isGrowing]);

  return <div className="player" data-testid="player" ref={host} />;
}
