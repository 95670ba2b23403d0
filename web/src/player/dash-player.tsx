import { attachDash } from './attach-dash.ts';
import { Player, type PlayerProps } from './player.tsx';

export const DashPlayer = (props: PlayerProps) => <Player {...props} attach={attachDash} />;
