import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { Server } from '@tus/server';
import { DomainError, type ErrorCode } from '../../domain/errors.ts';
import { isUploadId } from '../../domain/ids.ts';
import type { App, AppOptions } from '../../lib/app.ts';
import { endUnread } from '../../lib/end-unread.ts';
import { PROBLEM_TYPE, type Problem, problemOf, RETRY_AFTER_SECONDS } from '../../lib/http.ts';
import { CHECKSUM_ALGORITHMS } from './checksum.ts';
import { type TusDeps, TusStore } from './tus-store.ts';

export type TusRoutesDeps = TusDeps & Pick<AppOptions, 'onFault'>;

const PATH = '/uploads';

/** Resumable uploads: tus 1.0.0 below /uploads, errors as problem details. */
export async function addTusRoutes(app: App, deps: TusRoutesDeps): Promise<void> {
  app.removeAllContentTypeParsers();
  // Whatever the body is, it stays a stream that the store reads as it comes.
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  const methods = { [PATH]: ['POST', 'OPTIONS'], [`${PATH}/:id`]: ['HEAD', 'PATCH', 'DELETE', 'POST', 'OPTIONS'] };
  for (const [url, method] of Object.entries(methods))
    app.route({
      url,
      method,
      exposeHeadRoute: false,
      schema: { summary: 'Resumable uploads: tus 1.0.0', hide: true },
      handler: async ({ raw: request }, reply) => {
        reply.hijack();
        await answerTus(request, reply.raw, deps);
      },
    });
}

async function answerTus(request: IncomingMessage, response: ServerResponse, deps: TusRoutesDeps): Promise<void> {
  const left = new AbortController();
  response.once('close', () => left.abort(new DomainError('upload_incomplete')));
  const web = webRequest(request);
  const store = new TusStore(request, web.method, deps, left.signal);
  let problem: Problem | undefined;
  const server = tusServer(store, deps, (error) => {
    problem = tusProblem(error);
    if (problem.status === 500) deps.onFault(error, { method: request.method ?? '', url: request.url ?? '' });
    return { status_code: problem.status, body: problem.title };
  });
  const answer = await server.handleWeb(web);
  if (answer.status >= 400) problem ??= tusProblem({ status_code: answer.status, body: await answer.text() });
  send(request, response, { answer, problem, store, method: web.method });
}

type Answer = {
  readonly answer: Response;
  readonly problem: Problem | undefined;
  readonly store: TusStore;
  readonly method: string;
};

function tusServer(
  store: TusStore,
  { maxBytes, newUploadId }: TusDeps,
  onError: (error: unknown) => { status_code: number; body: string },
): Server {
  return new Server({
    path: PATH,
    datastore: store,
    locker: store,
    maxSize: maxBytes,
    relativeLocation: true,
    namingFunction: newUploadId,
    getFileIdFromRequest: (_request, id) => (id !== undefined && isUploadId(id) ? id : undefined),
    onResponseError: (_request, error) => onError(error),
    // Pages of other origins may not write here.
    allowedOrigins: [],
    allowedHeaders: ['Upload-Checksum'],
  });
}

const OVERRIDES = ['HEAD', 'PATCH', 'DELETE'];

/** The request as the library reads it, without its body: that one goes from the connection to the store. */
function webRequest(request: IncomingMessage): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers))
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(',') : value);
  // For senders whose network lets only GET and POST through; tus 1.0.0 asks for it.
  const overridden = request.method === 'POST' ? headers.get('x-http-method-override')?.toUpperCase() : undefined;
  const isKnown = overridden !== undefined && OVERRIDES.includes(overridden);
  const method = isKnown ? overridden : (request.method ?? 'GET');
  return new Request(`http://tus.invalid${request.url}`, { method, headers });
}

/** Codes for what the library says by a status alone. */
const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  404: 'no_such_upload',
  409: 'upload_offset_conflict',
  410: 'upload_expired',
  413: 'upload_too_long',
};

function tusProblem(error: unknown): Problem {
  if (!isLibraryError(error)) return problemOf(error);
  const { status_code: status, body } = error;
  const code = body.startsWith('Maximum size') ? 'upload_too_large' : (CODE_OF_STATUS[status] ?? 'bad_request');
  const problem = problemOf(new DomainError(code));
  const detail = body.trim();
  return { ...problem, status, ...(detail === '' ? {} : { detail }) };
}

type LibraryError = { readonly status_code: number; readonly body: string };

const isLibraryError = (error: unknown): error is LibraryError =>
  typeof error === 'object' && error !== null && 'status_code' in error && 'body' in error;

function send(request: IncomingMessage, response: ServerResponse, { answer, problem, store, method }: Answer): void {
  if (response.destroyed) return;
  const headers = Object.fromEntries(answer.headers);
  // The library closes the connection of whoever it refuses; a sender would often not see why.
  delete headers.connection;
  Object.assign(headers, headersOf(store, method));
  if (answer.status === 412) headers['tus-version'] = '1.0.0';
  if (problem?.status === 503) headers['retry-after'] = String(RETRY_AFTER_SECONDS);
  const text = problem ? JSON.stringify(problem) : undefined;
  if (text !== undefined) {
    headers['content-type'] = PROBLEM_TYPE;
    headers['content-length'] = String(Buffer.byteLength(text));
  }
  response.writeHead(answer.status, STATUS_CODES[answer.status] ?? 'Checksum Mismatch', headers);
  response.end(method === 'HEAD' ? undefined : text);
  endUnread(request);
}

/** What the library does not know of. */
function headersOf({ videoId, offset, expiresAtMs }: TusStore, method: string): Record<string, string> {
  return {
    'cache-control': 'no-store',
    ...(videoId === undefined ? {} : { 'millrace-video-id': videoId }),
    ...(method === 'POST' && offset !== undefined ? { 'upload-offset': String(offset) } : {}),
    ...(expiresAtMs === undefined ? {} : { 'upload-expires': new Date(expiresAtMs).toUTCString() }),
    ...(method === 'OPTIONS' ? { 'tus-checksum-algorithm': CHECKSUM_ALGORITHMS.join(',') } : {}),
  };
}
