import type { IncomingMessage, ServerResponse } from 'node:http';
import { DomainError } from '../domain/errors.ts';
import { type PlaybackObject, playbackObject } from '../domain/object-keys.ts';
import { isScrubbing, parsePlaybackPath, SESSION_BEFORE } from '../domain/playback-path.ts';
import type { PlaybackSession } from '../domain/playback-token.ts';
import { CORS_HEADERS, PREFLIGHT_HEADERS } from '../lib/cors.ts';
import { sendProblem } from '../lib/send.ts';
import type { PointAt, TracePoint } from '../lib/trace.ts';
import { answerObject, unsatisfiedRange } from './answer-object.ts';
import type { CheckSession } from './check-session.ts';
import type { CacheOutcome, Loader } from './load-object.ts';
import { namedNext } from './named-next.ts';
import type { PublishedCheck } from './published-check.ts';
import type { ReadAhead } from './read-ahead.ts';
import { type Cmcd, readCmcd } from './read-cmcd.ts';
import type { Tier } from './read-object.ts';
import type { CachedObject } from './segment-cache.ts';

/** What became of a request, as far as it came; written down when the response is over. */
export type ServedRequest = {
  session?: PlaybackSession;
  object?: PlaybackObject;
  cache?: CacheOutcome;
  tier?: Tier | undefined;
  isStale?: true;
  cmcd?: Cmcd | 'malformed' | undefined;
  /** Of the body; a client that leaves takes less. */
  bytes: number;
  status: number;
  error?: unknown;
  trace?: TracePoint | undefined;
};

export type GetSegmentDeps = {
  readonly checkSession: CheckSession;
  readonly isPublished: PublishedCheck;
  readonly loader: Pick<Loader, 'load'>;
  readonly readAhead: ReadAhead;
  readonly nowMs: () => number;
  /** This edge's name, told to the client, so that one can see which edge serves a session. */
  readonly edge: string;
  /** Set where requests are traced. */
  readonly pointAt?: PointAt | undefined;
  readonly onAsked: () => void;
  /** Called once, when the response is sent or broken off. */
  readonly onServed: (served: ServedRequest, durationMs: number, isAborted: boolean) => void;
};

/** Serves a segment of a session, or its init, playlist, manifest, image or text: whatever playback may fetch. */
export async function getSegment(request: IncomingMessage, response: ServerResponse, deps: GetSegmentDeps) {
  const startedMs = deps.nowMs();
  const served: ServedRequest = { bytes: 0, status: 0 };
  if (deps.pointAt) served.trace = deps.pointAt(request.headers.traceparent);
  deps.onAsked();
  response.once('close', () => deps.onServed(served, deps.nowMs() - startedMs, !response.writableFinished));
  try {
    if (request.method === 'OPTIONS') return sendPreflight(response, served);
    if (request.method !== 'GET' && request.method !== 'HEAD') throw new DomainError('method_not_allowed');
    const object = await findObject(request.url ?? '', served, deps);
    sendObject(request, response, { object, served, deps, startedMs });
    if (request.method === 'GET') lookAhead(request, object, served, deps);
  } catch (error) {
    served.error = error;
    served.status = sendProblem(response, error, [...CORS_HEADERS, ...allowedMethods(error)]);
    // What a player says when it is not served matters most; of a stranger it is not heard.
    if (served.session) served.cmcd = readCmcd(request.url ?? '', request.headers);
  }
}

async function findObject(target: string, served: ServedRequest, deps: GetSegmentDeps): Promise<CachedObject> {
  const path = parsePlaybackPath(target);
  if (path?.asks !== 'object') throw new DomainError('no_such_page');
  served.session = deps.checkSession(path.token, path.videoId);
  const wanted = playbackObject(path.videoId, path.rest);
  if (!wanted) throw new DomainError('no_such_segment');
  served.object = wanted;
  const { published, isPrivate } = await deps.isPublished(path.videoId);
  if (!published) throw new DomainError('no_such_video');
  if (isPrivate && !served.session.isGranted) throw new DomainError('playback_denied');
  const { object, cache, tier, isStale } = await deps.loader.load(wanted, served.trace);
  served.cache = cache;
  served.tier = tier;
  if (isStale) served.isStale = isStale;
  // What is published has one; what grows does not.
  if (!object && wanted.kind === 'manifest') throw new DomainError('dash_not_ready');
  if (!object) throw new DomainError('no_such_segment');
  return object;
}

type Serving = { object: CachedObject; served: ServedRequest; deps: GetSegmentDeps; startedMs: number };

function sendObject(request: IncomingMessage, response: ServerResponse, serving: Serving): void {
  const { object, served, deps, startedMs } = serving;
  try {
    const { status, head, body, text } = answerObject(request.headers, object);
    const timing = `cache;desc=${served.cache};dur=${deps.nowMs() - startedMs}`;
    const own = ['X-Cache', served.cache ?? '', 'X-Served-By', deps.edge, 'Server-Timing', timing];
    response.writeHead(status, served.isStale ? [...head, ...own, ...STALE] : [...head, ...own]);
    served.status = status;
    served.bytes = request.method === 'HEAD' ? 0 : body.length;
    if (text === undefined) response.end(body);
    else response.end(text, 'latin1');
  } catch (error) {
    if (!(error instanceof DomainError && error.code === 'range_not_satisfiable')) throw error;
    served.status = sendProblem(response, error, [...CORS_HEADERS, ...unsatisfiedRange(object.bytes.length)]);
  }
}

/** RFC 7234, section 5.5.1: gone from RFC 9111, and still the one field that says so. */
const STALE = ['Warning', '110 - "Response is Stale"'];

/** The answer is on its way; what the session will ask for next comes after it. */
function lookAhead(
  request: IncomingMessage,
  { bytes }: CachedObject,
  served: ServedRequest,
  deps: GetSegmentDeps,
): void {
  const { session, object: asked, trace } = served;
  if (!session || !asked) return;
  const target = request.url ?? '';
  served.cmcd = readCmcd(target, request.headers);
  if (isScrubbing(request.headers)) return;
  const next = typeof served.cmcd === 'object' ? served.cmcd.next : [];
  const named = next.length > 0 ? namedNext(target, next) : [];
  const told = request.headers[SESSION_BEFORE];
  const before = typeof told === 'string' ? playbackObject(session.videoId, told) : undefined;
  deps.readAhead({ session, asked, sizeBytes: bytes.length, named, before, trace });
}

function sendPreflight(response: ServerResponse, served: ServedRequest): void {
  served.status = 204;
  response.writeHead(204, [...PREFLIGHT_HEADERS]);
  response.end();
}

const allowedMethods = (error: unknown): readonly string[] =>
  error instanceof DomainError && error.code === 'method_not_allowed' ? ['Allow', 'GET, HEAD, OPTIONS'] : [];
