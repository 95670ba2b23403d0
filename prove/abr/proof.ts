import { PLAYERS } from '../../test/support/player-pages.ts';
import { judge, type Verdict } from './judge.ts';
import type { Ladder } from './ladder.ts';
import { type LogLine, type LogStory, logStoryOf } from './log-story.ts';
import type { Viewing } from './viewing.ts';

/** One player, what it showed, what the logs told of it, and whether the two agree. */
export type Proof = { readonly viewing: Viewing; readonly story: LogStory; readonly verdict: Verdict };

type Given = {
  readonly viewing: Viewing;
  readonly videoId: string;
  readonly ladder: Ladder;
  readonly lines: LogLine[];
};

/** A player that decodes fewer frames than this share of them plays nothing that deserves the name. */
const LEAST_FRAMES = 0.8;
const FRAMES_PER_SECOND = 25;

export function proofOf({ viewing, videoId, ladder, lines }: Given): Proof {
  const { player, seen, state } = viewing;
  const story = logStoryOf(lines, { videoId, file: PLAYERS[player].file });
  const { starts } = ladder;
  const frameSeconds = 1 / FRAMES_PER_SECOND;
  const { switches } = story;
  const verdict = judge({ switches, starts, frameSeconds, seen, longestStallMs: state.longestStallMs });
  const frames = Math.floor(state.seconds * FRAMES_PER_SECOND);
  if (state.frames >= LEAST_FRAMES * frames) return { viewing, story, verdict };
  const tooFew = `only ${state.frames} of ${frames} frames were decoded`;
  return { viewing, story, verdict: { ...verdict, complaints: [...verdict.complaints, tooFew] } };
}

/** One line for a person. */
export function summaryOf({ viewing, verdict }: Proof): string {
  const { downs, ups, pairs, complaints } = verdict;
  const apart = Math.max(0, ...pairs.map(({ apartSeconds }) => apartSeconds));
  const stalled = Math.round(viewing.state.longestStallMs);
  const counted = `${downs} down, ${ups} up, at most ${apart.toFixed(3)} s apart, longest stall ${stalled} ms`;
  return `${viewing.player.padEnd(12)} ${complaints.length === 0 ? 'proven' : 'FAILED'}: ${counted}`;
}
