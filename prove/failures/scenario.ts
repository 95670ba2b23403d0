import type { Wanted } from './log-tail.ts';
import type { Platform } from './platform.ts';

/** One way to break the platform, on purpose. */
export type Scenario = {
  readonly name: string;
  /** What is done to it, as a sentence. */
  readonly done: string;
  /** The test that holds it. */
  readonly test: string;
  readonly run: (platform: Platform) => Promise<Shown>;
};

/** What came of it. */
export type Shown = {
  /** When it broke, in ms since 1970. */
  readonly faultMs: number;
  /** Seen from outside, as a sentence. */
  readonly seen: string;
  /** How long the recovery took, and until what it is counted. */
  readonly recoveryMs: number;
  readonly until: string;
  /** The lines of the log that explain it, since the fault; each must be there. */
  readonly lines: readonly Wanted[];
  /** What is not as it should be; nothing, unless the platform has failed. */
  readonly wrong: readonly string[];
};
