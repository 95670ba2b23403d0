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

/** Looked for this often: a connection whose last answer was under way becomes idle only after that. */
const IDLE_LOOK_MS = 100;

/** A Fastify server, which by itself would wait for as long as clients keep their idle connections. */
export async function closeApp(app: { readonly server: Server; close(): PromiseLike<unknown> }): Promise<void> {
  const idle = setInterval(() => app.server.closeIdleConnections(), IDLE_LOOK_MS);
  const cut = setTimeout(() => app.server.closeAllConnections(), FINISH_MS);
  try {
    await app.close();
  } finally {
    clearInterval(idle);
    clearTimeout(cut);
  }
}
