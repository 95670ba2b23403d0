import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../domain/errors.ts';
import { type ObjectKey, sourcePartKey } from '../domain/object-keys.ts';
import type { ObjectStore } from '../domain/ports.ts';
import { type ByteRange, parseRange, partsOfRange, type SourceRef } from '../domain/source.ts';
import type { VideoResource } from '../domain/video-resource.ts';

/** The original bytes, put together again from their parts, with single ranges. */
export async function getSource(
  request: FastifyRequest,
  reply: FastifyReply,
  video: VideoResource,
  source: SourceRef,
  store: Pick<ObjectStore, 'read'>,
): Promise<FastifyReply> {
  const { sizeBytes } = source;
  const range = parseRange(request.headers.range, sizeBytes);
  const { first, last } = range === 'whole' ? { first: 0, last: sizeBytes - 1 } : range;
  if (range !== 'whole') reply.code(206).header('content-range', `bytes ${first}-${last}/${sizeBytes}`);
  reply
    .header('accept-ranges', 'bytes')
    .header('content-length', last - first + 1)
    .header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(video.source.filename)}`)
    // Whatever was uploaded is never shown as a page of ours.
    .header('x-content-type-options', 'nosniff')
    .header('content-security-policy', "default-src 'none'; sandbox")
    .type('application/octet-stream');
  // Without any payload Fastify says that the length is 0.
  const bytes = request.method === 'HEAD' ? [] : readSource(source, { first, last }, store);
  return reply.send(Readable.from(bytes));
}

async function* readSource(source: SourceRef, range: ByteRange, store: Pick<ObjectStore, 'read'>) {
  for (const piece of partsOfRange(range)) {
    const key: ObjectKey = sourcePartKey({ videoId: source.videoId, part: piece.part });
    const object = await store.read(key, { range: piece.range });
    if (!object) throw new DomainError('store_unavailable', `${key} is not in the object store.`);
    yield object.bytes;
  }
}
