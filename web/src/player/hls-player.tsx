import { attachHls } from './attach-hls.ts';
import { Player, type PlayerProps } from './player.tsx';

export const HlsPlayer = (props: PlayerProps) => <Player {...props} attach={attachHls} />;
