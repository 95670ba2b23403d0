import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LogEvent } from '../domain/log-events.ts';
import { PLAYBACK_PREFIX, type PlaybackPath } from '../domain/playback-path.ts';
import type { PlaybackSession } from '../domain/playback-token.ts';
import { CORS_HEADERS } from '../lib/cors.ts';
import type { Log } from '../lib/log.ts';
import { sendJson } from '../lib/send.ts';
import type { Rewrite } from './delivery.ts';
import type { Edge } from './pick-edge.ts';
import { type Pathway, PROXY_PATHWAY, STEERING_FILE, steerPlaylist } from './steer-playlist.ts';

export type SteerSessionDeps = {
  /** Where players reach edges by themselves, by the edges' names. */
  readonly publicUrls: ReadonlyMap<string, string>;
  /** The healthy edges of this moment, best first for this session. */
  readonly rank: (session: PlaybackSession) => readonly Edge[];
  readonly log: Log<LogEvent>;
  readonly onSteered: (edge: string | undefined) => void;
};

type ObjectPath = PlaybackPath & { asks: 'object' };

/** A player asks again this often where it should load from: as long may a session stay at an edge that drains. */
const TTL_SECONDS = 10;
/** The session's edge, and one to go to when that is lost; more would only make the playlist longer. */
const MAX_DIRECT = 2;

/** What a session's multivariant playlist goes through on its way; nothing, where no edge can be reached directly. */
export function steeringRewrite(
  { rest, token }: ObjectPath,
  session: PlaybackSession,
  deps: SteerSessionDeps,
): Rewrite | undefined {
  if (rest !== 'index.m3u8') return undefined;
  const direct = pathways(token, session, deps);
  if (direct.length === 0) return undefined;
  const { sessionId, videoId } = session;
  deps.log.info('session_steered', { sessionId, videoId, pathways: [...direct.map(({ id }) => id), PROXY_PATHWAY] });
  return (playlist) => steerPlaylist(playlist, direct);
}

export const asksForSteering = ({ rest }: ObjectPath): boolean => rest === STEERING_FILE;

/** The steering manifest: the session's edge first, this router last. */
export function answerSteering(
  { token }: ObjectPath,
  session: PlaybackSession,
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
  deps: SteerSessionDeps,
): void {
  const { sessionId, videoId } = session;
  const direct = pathways(token, session, deps).map(({ id }) => id);
  const priority = [...direct, PROXY_PATHWAY];
  const playing = /[?&]_HLS_pathway=(?:%22|")?([\w.-]{1,100})/.exec(request.url ?? '')?.[1];
  deps.onSteered(direct[0]);
  deps.log.info('session_steered', { sessionId, videoId, pathways: priority, playing });
  sendJson(response, 200, { VERSION: 1, TTL: TTL_SECONDS, 'PATHWAY-PRIORITY': priority }, CORS_HEADERS);
}

function pathways(token: string, session: PlaybackSession, { publicUrls, rank }: SteerSessionDeps): Pathway[] {
  const direct = rank(session).flatMap(({ name }) => {
    const url = publicUrls.get(name);
    return url === undefined ? [] : [{ id: name, base: `${url}${PLAYBACK_PREFIX}${session.videoId}/${token}/` }];
  });
  return direct.slice(0, MAX_DIRECT);
}
