import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** Built files have a digest in their name, so they may be kept for ever; the page itself must be asked for anew. */
const KEEP_FOR_EVER = 'public, max-age=31536000, immutable';
const ASK_AGAIN = 'no-cache';

/** Serves the built pages: one HTML file for all of them, which looks at its own address. */
export async function addPages(app: { register: FastifyInstance['register'] }, folder: string): Promise<void> {
  await app.register(async (pages) => {
    await pages.register(fastifyStatic, {
      root: folder,
      index: false,
      wildcard: false,
      cacheControl: false,
      // The build wrote them beside the files.
      preCompressed: true,
      setHeaders: (reply, path) => {
        reply.header('cache-control', path.includes('/assets/') ? KEEP_FOR_EVER : ASK_AGAIN);
        reply.header('x-content-type-options', 'nosniff');
      },
    });
    for (const url of ['/', '/status', '/watch/:id', '/embed/:id'])
      pages.get(url, (_, reply) => reply.sendFile('index.html'));
  });
}
