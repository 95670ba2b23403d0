/** How long things are broken, and how much is played meanwhile. */
export type Measures = {
  readonly settings: NodeJS.ProcessEnv;
  readonly leaseMs: number;
  /** Of the clips that are processed, and of the video that is watched. */
  readonly clipSeconds: number;
  readonly watchedSeconds: number;
  readonly storeAwayMs: number;
  readonly diskFullMs: number;
  /** Seconds of media that a viewer plays in a second. */
  readonly pace: number;
};

/** The settings that people have. */
export const AS_DEPLOYED: Measures = {
  settings: {},
  leaseMs: 15_000,
  clipSeconds: 24,
  watchedSeconds: 48,
  storeAwayMs: 30_000,
  diskFullMs: 10_000,
  pace: 1,
};
