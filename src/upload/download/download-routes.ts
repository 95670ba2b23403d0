import { z } from 'zod';
import { DomainError } from '../../domain/errors.ts';
import { parseVideoId } from '../../domain/ids.ts';
import type { ObjectStore, VideoRecords } from '../../domain/ports.ts';
import type { App } from '../../lib/app.ts';
import { problems } from '../schemas.ts';
import { downloadPreparer, type PrepareDeps } from './prepare-downloads.ts';
import { sendDownload } from './send-download.ts';

export type DownloadRoutesDeps = PrepareDeps & {
  readonly store: Pick<ObjectStore, 'read'>;
  readonly records: Pick<VideoRecords, 'find'>;
};

const params = z.object({ id: z.string(), file: z.string().describe('A rendition and .mp4, e.g. v720.mp4') });
const bytes = { content: { 'video/mp4': { schema: z.any() }, 'audio/mp4': { schema: z.any() } } };

/** Renditions of a published video as files that any player reads. */
export async function addDownloadRoutes(api: App, deps: DownloadRoutesDeps): Promise<void> {
  const prepare = downloadPreparer(deps);

  api.get(
    '/videos/:id/download/:file',
    {
      schema: {
        params,
        summary: 'A rendition as one MP4, with the default sound and with ranges',
        response: {
          200: { ...bytes, description: 'All of it' },
          206: { ...bytes, description: 'The bytes of Range' },
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const videoId = parseVideoId(request.params.id);
      const video = await deps.records.find(videoId);
      if (!video) throw new DomainError('no_such_video');
      const [, rendition] = FILE.exec(request.params.file) ?? [];
      if (rendition === undefined) throw new DomainError('no_such_download');
      const download = await prepare(videoId, rendition);
      const contentType = video.renditions.some(({ name, kind }) => name === rendition && kind === 'audio')
        ? 'audio/mp4'
        : 'video/mp4';
      return sendDownload(request, reply, download, { title: video.title, contentType }, deps.store);
    },
  );
}

const FILE = /^([a-z0-9][a-z0-9-]{0,31})\.mp4$/;
