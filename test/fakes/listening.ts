import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server on a free port of loopback, for `await using`. */
export async function listening(server: Server): Promise<AsyncDisposable & { url: string; port: number }> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { url: `http://127.0.0.1:${port}`, port, [Symbol.asyncDispose]: close };
}
