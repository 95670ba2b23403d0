import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** Built files have a digest in their name, so they may be kept for ever; the page itself must be asked for anew. */
const KEEP_FOR_EVER = 'public, max-age=31536000, immutable';
const ASK_AGAIN = 'no-cache';

/** Content security policies: of our pages, and of the player that others show in a frame. */
export type PagePolicies = { readonly page: string; readonly embed: string };

/** Serves the built pages: one HTML file for the player alone, one for all others; each looks at its own address. */
export async function addPages(
  app: { register: FastifyInstance['register'] },
  folder: string,
  policies: PagePolicies,
): Promise<void> {
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
        // Scripts of the build may be workers, which would take it as theirs; they are no documents.
        if (path.includes('/assets/')) reply.removeHeader('content-security-policy');
      },
    });
    for (const url of ['/', '/status', '/watch/:id'])
      pages.get(url, (_, reply) => reply.header('content-security-policy', policies.page).sendFile('index.html'));
    pages.get('/embed/:id', (_, reply) =>
      reply.header('content-security-policy', policies.embed).sendFile('embed.html'),
    );
  });
}
