/** A length of time for a person. */
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 && ms % 1000 !== 0 ? 1 : 0)} s`;
