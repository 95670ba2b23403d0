import type { LogLine } from '../abr/log-story.ts';

/** What the demo does, in order. docs/demo.md has a row for each; a test holds the two together. */
export const STEPS = {
  start: 'an empty folder becomes a running instance: three workers, three edges',
  clip: 'ffmpeg makes a clip that counts its frames in the picture',
  upload: 'the clip is uploaded by tus; the connection is cut on the way, and the upload goes on',
  worker: 'a worker is killed while it encodes',
  process: 'the job goes on to its end; then all that players can read is read and checked',
  again: 'the same bytes are uploaded again',
  adapt: 'hls.js plays in Chromium; its line falls, and rises again',
  edge: 'the edge that serves the player is killed',
  shown: 'the player plays to the end; what it showed is held against the logs',
  everything: 'every rung is decoded whole, by HLS and by DASH, and every process is asked how it is',
  explain: 'the logs alone are asked what happened',
  stop: 'the instance is stopped',
} as const;
export type StepName = keyof typeof STEPS;

/** What a step saw. */
export type Outcome<Gives> = {
  /** With its figures. */
  readonly seen: string;
  /** What was not as it should be, in words; where there is nothing, the step has passed. */
  readonly wrong?: readonly string[];
  /** Of the logs: those that tell of it. */
  readonly lines?: readonly LogLine[];
  /** What commands printed. */
  readonly told?: readonly string[];
  /** What later steps go on with. */
  readonly gives: Gives;
};

export type Verdict = 'PASS' | 'FAIL' | 'not run';
export type Done = Omit<Outcome<unknown>, 'gives' | 'wrong'> & {
  readonly name: StepName;
  readonly verdict: Verdict;
  /** Since the demo began. */
  readonly atSeconds: number;
  readonly tookSeconds: number;
};
