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

export async function startEdge(config: Config, { log, metrics, traces }: RoleContext): Promise<RunningRole> {
  const disk = await openDisk(config, log, config.MILLRACE_EDGE_DISK_BYTES);
  const lastSeenDisk = disk && (await openDisk(config, log, LAST_SEEN_BYTES, LAST_SEEN_FOLDER));
  const server = createEdgeServer({
    store: await openStore(config),
    log,
    clock: systemClock,
    secret: required(config, 'MILLRACE_SECRET'),
    edge: nodeName(config, 'edge'),
    version: VERSION,
    registry: metrics,
    pointAt: traces?.join,
    cacheBytes: config.MILLRACE_EDGE_CACHE_BYTES,
    ...(disk ? { disk } : {}),
    ...(lastSeenDisk ? { lastSeenDisk } : {}),
  });
  const url = await listenOn(server, portOf(config), config.MILLRACE_HOST);
  const stop = async (): Promise<void> => {
    await closeServer(server);
    await disk?.settled();
    await lastSeenDisk?.settled();
  };
  return { url, stop };
}

/** At 4 KiB each, 16 000 playlists: of thousands of videos. */
const LAST_SEEN_BYTES = 64 * 1024 * 1024;
/** No escaped key: the cache of segments around it leaves it alone. */
const LAST_SEEN_FOLDER = 'last-seen';

const portOf = (config: Config): number => config.MILLRACE_PORT ?? DEFAULT_PORT;

/** An edge plays without a disk as well, only colder: a folder that cannot be used is said, and no more. */
async function openDisk(
  config: Config,
  log: Log<LogEvent>,
  maxBytes: number,
  within = '',
): Promise<DiskObjects | undefined> {
  if (maxBytes === 0) return undefined;
  const folder = join(config.MILLRACE_DATA, 'cache', folderName(config), within);
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
