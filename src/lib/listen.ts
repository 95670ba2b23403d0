import { randomInt } from 'node:crypto';
import { type AddressInfo, createServer, type Server } from 'node:net';

/** Resolves once the server listens; rejects, for instance when the port is taken. */
export function listenOn(server: Server, port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address() as AddressInfo;
      resolve(`http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`);
    });
  });
}

/**
 * Below 32768, where Linux begins to take the near ends of outgoing connections from: a port out of that range may
 * belong to somebody's connection by the time its owner listens, for as long as that connection lives.
 */
const FIRST_PORT = 10_000;
const END_OF_PORTS = 32_768;
const TRIES = 100;
const given = new Set<number>();

/** A port that is free, that no outgoing connection takes, and that this process gets only once. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let i = 0; i < TRIES; i++) {
    const port = randomInt(FIRST_PORT, END_OF_PORTS);
    if (given.has(port) || !(await isFree(port, host))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`found no free port on ${host} between ${FIRST_PORT} and ${END_OF_PORTS}`);
}

async function isFree(port: number, host: string): Promise<boolean> {
  const server = createServer();
  try {
    await listenOn(server, port, host);
  } catch {
    // Taken, or kept for somebody: either way not ours.
    return false;
  }
  await new Promise((resolve) => server.close(resolve));
  return true;
}
