import { timeText } from '../../src/main/explain/words.ts';
import { stalls, wrongInViewing } from './judge.ts';
import type { Platform } from './platform.ts';
import type { Scenario, Shown } from './scenario.ts';
import { view } from './view.ts';

/** The viewer has some segments in hand, and asks for this one just as its edge goes. */
const LOST_AT = 3;
const PLAYED = LOST_AT + 3;

export const edgeKilled: Scenario = {
  name: 'edge-killed',
  done: 'The edge of a viewer is killed (`kill -9`) just before the viewer asks for its next segment.',
  test: 'test/flow/ffmpeg-edge-loss.test.ts',
  run: (platform) => lose(platform, 'SIGKILL'),
};

export const edgeSilent: Scenario = {
  name: 'edge-silent',
  done: 'The edge of a viewer falls silent (`SIGSTOP`): it accepts what is sent to it, and never answers.',
  test: 'test/flow/ffmpeg-edge-loss.test.ts',
  run: (platform) => lose(platform, 'SIGSTOP'),
};

async function lose(platform: Platform, how: 'SIGKILL' | 'SIGSTOP'): Promise<Shown> {
  const { url, measures } = platform;
  const { id: videoId } = await platform.watched();
  let lost = '';
  let faultMs = 0;
  const onSegment = async (segment: number, edge: string): Promise<void> => {
    if (segment !== LOST_AT) return;
    lost = edge;
    faultMs = await platform.signal(edge, how);
  };
  const viewing = await view({ url, videoId, pace: measures.pace, segments: PLAYED, onSegment });
  await platform.logged({ event: 'edge_down', edge: lost }, faultMs);
  if (how === 'SIGSTOP') await platform.signal(lost, 'SIGCONT');
  const { sessionId, arrivals, stalledMs } = viewing;
  const first = arrivals[LOST_AT];
  const stayed = arrivals.slice(LOST_AT).filter(({ edge }) => edge === lost);
  const wrong = [...(await wrongInViewing(platform, videoId, viewing)), ...stalls(viewing)];
  if (stayed.length > 0) wrong.push(`${stayed.length} segments came from the lost edge`);
  return {
    faultMs,
    seen: `${first?.edge} answered instead of ${lost}, and kept the session; every byte was the stored one, and the picture stalled for ${timeText(stalledMs)}.`,
    recoveryMs: (first?.wallMs ?? 0) - faultMs,
    until: 'the viewer has its next segment',
    lines: [
      { event: 'session_reassigned', sessionId, from: lost },
      { event: 'segment_served', sessionId, edge: first?.edge, segment: LOST_AT },
      { event: 'edge_down', edge: lost },
      ...(how === 'SIGKILL' ? [{ event: 'child_exited', child: lost }] : []),
      { event: 'edge_up', edge: lost },
    ],
    wrong,
  };
}
