import { join } from 'node:path';
import { DiskObjects } from '../../adapters/disk-objects.ts';
import type { LogEvent } from '../../domain/log-events.ts';
import { listenOn } from '../../lib/listen.ts';
import type { Log } from '../../lib/log.ts';
import { createEdgeServer } from '../../serve/server.ts';
import type { Config } from '../config.ts';
import { nodeName, openStore, required, systemClock, VERSION } from '../parts.ts';
import type { RoleContext, RunningRole } from '../role.ts';
import { closeServer } from './close-server.ts';

const DEFAULT_PORT = 8101;

export async function startEdge(config: Config, { log }: RoleContext): Promise<RunningRole> {
  const disk = await openDisk(config, log);
  const server = createEdgeServer({
    store: await openStore(config),
    log,
    clock: systemClock,
    secret: required(config, 'MILLRACE_SECRET'),
    edge: nodeName(config, 'edge'),
    version: VERSION,
    cacheBytes: config.MILLRACE_EDGE_CACHE_BYTES,
    ...(disk ? { disk } : {}),
  });
  const url = await listenOn(server, portOf(config), config.MILLRACE_HOST);
  return { url, stop: () => closeServer(server).then(() => disk?.settled()) };
}

const portOf = (config: Config): number => config.MILLRACE_PORT ?? DEFAULT_PORT;

/** An edge plays without a disk as well, only colder: a folder that cannot be used is said, and no more. */
async function openDisk(config: Config, log: Log<LogEvent>): Promise<DiskObjects | undefined> {
  const maxBytes = config.MILLRACE_EDGE_DISK_BYTES;
  if (maxBytes === 0) return undefined;
  const folder = join(config.MILLRACE_DATA, 'cache', folderName(config));
  try {
    return await DiskObjects.open({ folder, maxBytes, log, clock: systemClock });
  } catch (err) {
    log.error('disk_failed', { does: 'open', folder, err });
    return undefined;
  }
}

/** The same after a restart, and never that of another edge of this machine: names are given, ports are unique. */
const folderName = (config: Config): string =>
  encodeURIComponent(config.MILLRACE_NODE ?? `edge-${portOf(config)}`).replaceAll('.', '%2E');
