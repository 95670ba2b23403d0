/** Milliseconds since 1970, never going backwards while the page lives. Handed in by main.tsx. */
export type PageClock = { nowMs(): number };
