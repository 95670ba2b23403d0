import type { IncomingMessage } from 'node:http';

/** A sender that was refused gets this long to notice; then the connection is closed. */
const NOTICE_MS = 5_000;

/**
 * Call it after the answer went out. What is left of the body is thrown away for a while, since closing at once would
 * reset the connection and most clients would never see the answer.
 */
export function endUnread(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  const cut = setTimeout(() => request.socket.destroy(), NOTICE_MS);
  for (const event of ['end', 'close', 'error'] as const) request.once(event, () => clearTimeout(cut));
  request.resume();
}
