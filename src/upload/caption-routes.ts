import { z } from 'zod';
import {
  type CaptionRecords,
  languageName,
  MAX_CAPTION_BYTES,
  parseCaptions,
  parseLanguage,
  webVtt,
} from '../domain/captions.ts';
import { DomainError } from '../domain/errors.ts';
import { parseVideoId, type VideoId } from '../domain/ids.ts';
import type { LogEvent } from '../domain/log-events.ts';
import type { VideoRecords } from '../domain/ports.ts';
import type { App } from '../lib/app.ts';
import type { Log } from '../lib/log.ts';
import { idParams, problems } from './schemas.ts';

export type CaptionRoutesDeps = {
  readonly captions: CaptionRecords;
  readonly records: Pick<VideoRecords, 'find'>;
  readonly log: Log<LogEvent>;
};

const params = z.object({ id: z.string(), language: z.string().describe('BCP 47, e.g. en or pt-BR') });
const track = z.object({ language: z.string(), label: z.string(), origin: z.enum(['embedded', 'uploaded']) });
const label = z.string().min(1).max(100).optional().describe('What menus show; unset, what the language calls itself');
const vtt = { content: { 'text/vtt': { schema: z.any() } } };

/** Captions of a video: one track for each language, as WebVTT or SubRip. */
export async function addCaptionRoutes(api: App, deps: CaptionRoutesDeps): Promise<void> {
  const { captions, log } = deps;
  // Whatever the type says, the text tells what it is.
  api.removeAllContentTypeParsers();
  api.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_CAPTION_BYTES }, (_request, body, done) =>
    done(null, body),
  );

  api.get(
    '/videos/:id/text',
    {
      schema: {
        params: idParams,
        summary: 'Captions of a video',
        response: { 200: z.object({ tracks: z.array(track) }), ...problems },
      },
    },
    async (request) => ({ tracks: await captions.tracks(await known(request.params.id, deps)) }),
  );

  api.put(
    '/videos/:id/text/:language',
    {
      bodyLimit: MAX_CAPTION_BYTES,
      schema: {
        params,
        querystring: z.object({ label }),
        summary: 'Store captions, as WebVTT or SubRip, in place of those of the same language',
        response: { 200: track, ...problems },
      },
    },
    async (request) => {
      const videoId = await known(request.params.id, deps);
      const language = parseLanguage(request.params.language);
      const cues = parseCaptions(utf8(request.body));
      const stored = { language, label: request.query.label ?? languageName(language), origin: 'uploaded' } as const;
      await captions.put(videoId, { ...stored, webvtt: webVtt(cues, 0) });
      log.info('captions_stored', { videoId, language, cues: cues.length });
      return stored;
    },
  );

  api.get(
    '/videos/:id/text/:language',
    {
      schema: {
        params,
        summary: 'One track, as WebVTT',
        response: { 200: { ...vtt, description: 'All cues' }, ...problems },
      },
    },
    async (request, reply) => {
      const videoId = await known(request.params.id, deps);
      const found = await captions.find(videoId, parseLanguage(request.params.language));
      if (!found) throw new DomainError('no_such_captions');
      return reply.type('text/vtt; charset=utf-8').send(found.webvtt);
    },
  );

  api.delete(
    '/videos/:id/text/:language',
    {
      schema: { params, summary: 'Remove one track', response: { 204: z.null().describe('It is gone'), ...problems } },
    },
    async (request, reply) => {
      const videoId = await known(request.params.id, deps);
      const language = parseLanguage(request.params.language);
      if (!(await captions.remove(videoId, language))) throw new DomainError('no_such_captions');
      log.info('captions_removed', { videoId, language });
      return reply.code(204).send(null);
    },
  );
}

async function known(id: string, { records }: CaptionRoutesDeps): Promise<VideoId> {
  const videoId = parseVideoId(id);
  if (!(await records.find(videoId))) throw new DomainError('no_such_video');
  return videoId;
}

function utf8(body: unknown): string {
  if (!Buffer.isBuffer(body)) throw new DomainError('bad_captions', 'The request has no body.');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (cause) {
    throw new DomainError('bad_captions', 'The text is not UTF-8.', { cause });
  }
}
