/** What the page around the player may ask of it: docs/embed.md. */
export type Command =
  | { readonly command: 'play' | 'pause' }
  | { readonly command: 'seek'; readonly seconds: number }
  | { readonly command: 'mute'; readonly muted: boolean };

/** Undefined for whatever else is said between windows: other scripts of that page talk to their frames, too. */
export function parseCommand(data: unknown): Command | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const { target, command, seconds, muted } = data as Readonly<Record<string, unknown>>;
  if (target !== 'millrace') return undefined;
  if (command === 'play' || command === 'pause') return { command };
  if (command === 'seek' && typeof seconds === 'number' && seconds >= 0) return { command, seconds };
  if (command === 'mute' && typeof muted === 'boolean') return { command, muted };
  return undefined;
}
