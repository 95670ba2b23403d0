/** Of an error as lib/log.ts writes it. */
export const messageIn = (err: unknown): string | undefined =>
  typeof err === 'object' && err !== null && 'message' in err && typeof err.message === 'string'
    ? err.message
    : undefined;
