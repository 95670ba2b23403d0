import { createServer, type RequestListener, type Server } from 'node:http';
import { listenOn } from '../../lib/listen.ts';
import { refuseMalformed } from '../../lib/refuse-malformed.ts';
import type { Config } from '../config.ts';
import type { RoleContext, RunningRole } from '../role.ts';
import { closeServer } from './close-server.ts';
import { wireRouter } from './router.ts';
import { wireUploadApi } from './upload-api.ts';

const UPLOAD_API_PORT = 8080;

export async function startUploadApi(config: Config, context: RoleContext): Promise<RunningRole> {
  const { app, close } = await wireUploadApi(config, context);
  const server = uploadServer((request, response) => app.routing(request, response));
  const url = await listenOn(server, config.MILLRACE_PORT ?? UPLOAD_API_PORT, config.MILLRACE_HOST);
  return { url, stop: () => closeServer(server).then(close) };
}

/** Upload-api, pages and router behind one address: all that a browser needs. */
export async function startPublic(config: Config, context: RoleContext): Promise<RunningRole> {
  const router = await wireRouter(config, context);
  const { app, close } = await wireUploadApi(config, context, router);
  const server = uploadServer((request, response) => {
    if (!router.handle(request, response)) app.routing(request, response);
  });
  const url = await listenOn(server, config.MILLRACE_PORT ?? UPLOAD_API_PORT, config.MILLRACE_HOST);
  return {
    url,
    async stop() {
      await closeServer(server);
      router.close();
      await close();
    },
  };
}

/** A sender may take hours for a body, but not a minute for its headers, nor a minute between two bytes. */
const HEADERS_DEADLINE_MS = 10_000;
const SOCKET_IDLE_MS = 60_000;
const KEEP_ALIVE_MS = 30_000;

function uploadServer(listener: RequestListener): Server {
  const server = createServer({ requestTimeout: 0, headersTimeout: HEADERS_DEADLINE_MS }, listener);
  server.timeout = SOCKET_IDLE_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return refuseMalformed(server);
}
