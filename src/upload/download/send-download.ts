import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../../domain/errors.ts';
import type { ObjectStore } from '../../domain/ports.ts';
import { type ByteRange, parseRange } from '../../domain/source.ts';
import type { Download } from './prepare-downloads.ts';

type Store = Pick<ObjectStore, 'read'>;
type File = { readonly title: string; readonly contentType: string };

/** The file, or a single range of it; a validator tells whoever resumes whether it is still the same one. */
export function sendDownload(
  request: FastifyRequest,
  reply: FastifyReply,
  download: Download,
  { title, contentType }: File,
  store: Store,
): FastifyReply {
  const { sizeBytes, etag } = download;
  const ifRange = request.headers['if-range'];
  const isRangeMeant = ifRange === undefined || ifRange === etag;
  const range = isRangeMeant ? parseRange(request.headers.range, sizeBytes) : 'whole';
  const { first, last } = range === 'whole' ? { first: 0, last: sizeBytes - 1 } : range;
  if (range !== 'whole') reply.code(206).header('content-range', `bytes ${first}-${last}/${sizeBytes}`);
  reply
    .header('accept-ranges', 'bytes')
    .header('etag', etag)
    .header('content-length', last - first + 1)
    .header('content-disposition', `attachment; filename*=UTF-8''${extValue(`${title}.mp4`)}`)
    .type(contentType);
  // Without any payload Fastify says that the length is 0.
  const bytes = request.method === 'HEAD' ? [] : readDownload(download, { first, last }, store);
  return reply.send(Readable.from(bytes));
}

/** RFC 8187 leaves out some characters that encodeURIComponent lets stand. */
const extValue = (text: string): string =>
  encodeURIComponent(text).replaceAll(/['()*]/g, (character) => `%${character.charCodeAt(0).toString(16)}`);

/** One run of samples, two seconds or four, is in memory at a time; the next is read when the client has taken it. */
export async function* readDownload({ head, runs }: Download, { first, last }: ByteRange, store: Store) {
  if (first < head.length) yield head.subarray(first, last + 1);
  let at = head.length;
  for (const run of runs) {
    const from = Math.max(first - at, 0);
    const to = Math.min(last - at, run.sizeBytes - 1);
    at += run.sizeBytes;
    if (from > to) continue;
    const object = await store.read(run.key, { range: { first: run.first + from, last: run.first + to } });
    if (!object) throw new DomainError('store_unavailable', `${run.key} is not in the object store.`);
    yield object.bytes;
    if (at > last) return;
  }
}
