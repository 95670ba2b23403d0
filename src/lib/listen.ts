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

/** A port that was free a moment ago. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const server = createServer();
  const url = await listenOn(server, 0, host);
  await new Promise((resolve) => server.close(resolve));
  return Number(new URL(url).port);
}
