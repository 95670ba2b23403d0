import type { ServerResponse } from 'node:http';
import { sendJson } from '../lib/send.ts';
import type { Edge } from './assemble-edge.ts';

/** `GET /status`: what this edge is doing, for people and for pages about the whole system. */
export async function getStatus(response: ServerResponse, { about, cache, disk, drain, ...edge }: Edge): Promise<void> {
  const { requests, bytes, hitRatio, inFlight } = await edge.metrics.totals();
  sendJson(response, 200, {
    edge: about.edge,
    version: about.version,
    uptimeSeconds: about.uptimeSeconds(),
    draining: drain.isDraining,
    sessions: edge.countPlaying(),
    hitRatio,
    requests,
    bytes,
    memory: { bytes: cache.sizeBytes, objects: cache.count },
    disk: { bytes: disk?.sizeBytes ?? 0, objects: disk?.count ?? 0 },
    inFlight: { requests: inFlight, reads: edge.readsUnderWay() },
  });
}
