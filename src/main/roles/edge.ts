import { listenOn } from '../../lib/listen.ts';
import { createEdgeServer } from '../../serve/server.ts';
import type { Config } from '../config.ts';
import { nodeName, openStore, required, systemClock, VERSION } from '../parts.ts';
import type { RoleContext, RunningRole } from '../role.ts';
import { closeServer } from './close-server.ts';

const DEFAULT_PORT = 8101;

export async function startEdge(config: Config, { log }: RoleContext): Promise<RunningRole> {
  const server = createEdgeServer({
    store: await openStore(config),
    log,
    clock: systemClock,
    secret: required(config, 'MILLRACE_SECRET'),
    edge: nodeName(config, 'edge'),
    version: VERSION,
    cacheBytes: config.MILLRACE_EDGE_CACHE_BYTES,
  });
  const url = await listenOn(server, config.MILLRACE_PORT ?? DEFAULT_PORT, config.MILLRACE_HOST);
  return { url, stop: () => closeServer(server) };
}
