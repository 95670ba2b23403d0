import { randomBytes } from 'node:crypto';
import { listenOn } from '../../lib/listen.ts';
import { openPlaybackRouter, type PlaybackRouter } from '../../route/playback-router.ts';
import { createRouterServer } from '../../route/server.ts';
import type { Config } from '../config.ts';
import { openEdgeList, parsePublicUrls } from '../edge-list.ts';
import { required, systemClock, uptimeSeconds, VERSION } from '../parts.ts';
import type { RoleContext, RunningRole } from '../role.ts';
import { closeServer } from './close-server.ts';

const DEFAULT_PORT = 8090;

export async function startRouter(config: Config, context: RoleContext): Promise<RunningRole> {
  const router = await wireRouter(config, context);
  const server = createRouterServer({ router, log: context.log, version: VERSION, uptimeSeconds });
  const url = await listenOn(server, config.MILLRACE_PORT ?? DEFAULT_PORT, config.MILLRACE_HOST);
  return { url, stop: () => closeServer(server).then(router.close) };
}

/** The router, to be mounted into a server. */
export async function wireRouter(config: Config, { log, metrics, traces }: RoleContext): Promise<PlaybackRouter> {
  const publicUrls = parsePublicUrls(config);
  const list = await openEdgeList(config, log);
  const router = openPlaybackRouter({
    log,
    clock: systemClock,
    random: randomBytes,
    secret: required(config, 'MILLRACE_SECRET'),
    edges: list.edges,
    registry: metrics,
    pointAt: traces?.begin,
    ...(publicUrls ? { publicUrls } : {}),
    ...(config.MILLRACE_PLAYBACK_ORIGINS ? { origins: config.MILLRACE_PLAYBACK_ORIGINS } : {}),
  });
  return {
    ...router,
    close: () => {
      list.close();
      router.close();
    },
  };
}
