import type { FailureCode } from './failure.ts';

/** One viewing, as the router began it. */
export type Session = {
  /** As it stands in every log line of the edges. */
  readonly id: string;
  /** The playlist or manifest within the session. */
  readonly url: string;
};

/** The router answers from memory, an edge reads one small object. */
const ANSWER_DEADLINE_MS = 10_000;

/** The playlist was refused: trying again the same way is no use. */
export class SessionRefused extends Error {
  readonly code: FailureCode;
  constructor(code: FailureCode) {
    super(`no session: ${code}`);
    this.code = code;
  }
}

/**
 * Begins a viewing before the player loads anything, so that its very first request can carry the id of the session.
 * @throws SessionRefused; any other error is one of the network
 */
export async function openSession(src: string, signal: AbortSignal): Promise<Session> {
  const deadline = AbortSignal.timeout(ANSWER_DEADLINE_MS);
  const { status, ok, url } = await fetch(src, { method: 'HEAD', signal: AbortSignal.any([signal, deadline]) });
  if (status === 404) throw new SessionRefused('gone');
  if (status === 403) throw new SessionRefused('denied');
  if (!ok) throw new Error(`the playlist is answered with ${status}`);
  return { id: sessionIdOf(url), url };
}

/** `/play/{video}/{session id}.{rest of the token}/…`; empty where an address has another form. */
export const sessionIdOf = (url: string): string => /\/play\/[0-9a-z]+\/([0-9a-z]+)\.[^/]+\//.exec(url)?.[1] ?? '';

export const videoIdOf = (src: string): string => /\/play\/([0-9a-z]+)\//.exec(src)?.[1] ?? '';

/** The address of an object of the video inside a session; outside of one, each request would begin another. */
export const withinSession = (path: string, { url }: Session): string =>
  path.replace(/^.*\/play\/[0-9a-z]+\//, url.replace(/[^/]*$/, '')).replace(/\?.*$/, '');
