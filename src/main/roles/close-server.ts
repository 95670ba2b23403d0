import type { Server } from 'node:http';

/** Answers that are under way may take this long; then their sockets are closed too. */
const FINISH_MS = 3_000;

export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((done) => server.close(() => done()));
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), FINISH_MS);
  await closed;
  clearTimeout(cut);
}
