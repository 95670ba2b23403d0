import { DomainError } from '../domain/errors.ts';
import { parseVideoId } from '../domain/ids.ts';
import { playbackGrant } from '../domain/playback-grant.ts';
import type { Clock, VideoRecords } from '../domain/ports.ts';
import type { App } from '../lib/app.ts';
import type { TextSigner } from '../lib/sign-text.ts';
import { idParams, playbackTokenBody, playbackTokenSchema, problems } from './schemas.ts';

export type AccessRoutesDeps = {
  readonly records: Pick<VideoRecords, 'find'>;
  readonly clock: Clock;
  /** Signs what routers check. Without the secret that they share there are no playback tokens. */
  readonly playbackSigner?: TextSigner | undefined;
};

/** Playback tokens, with which a private video plays. */
export async function addAccessRoutes(api: App, { records, clock, playbackSigner }: AccessRoutesDeps): Promise<void> {
  if (!playbackSigner) return;
  api.post(
    '/videos/:id/tokens',
    {
      schema: {
        params: idParams,
        summary: 'A playback token: the right to begin to play this video, and to play it until the token expires',
        body: playbackTokenBody,
        response: { 201: playbackTokenSchema, ...problems },
      },
    },
    async (request, reply) => {
      const id = parseVideoId(request.params.id);
      const video = await records.find(id);
      if (!video) throw new DomainError('no_such_video');
      const expiresAtMs = clock.nowMs() + (request.body?.expiresInSeconds ?? DEFAULT_SECONDS) * 1000;
      const token = playbackGrant(id, expiresAtMs, playbackSigner.sign);
      const address = (path: string): string => `${path}?token=${token}`;
      const playback = video.playback && {
        hls: address(video.playback.hls),
        dash: video.playback.dash && address(video.playback.dash),
      };
      // Whole seconds, as in the token.
      const expiresAt = new Date(Math.floor(expiresAtMs / 1000) * 1000).toISOString();
      return reply.code(201).header('cache-control', 'no-store').send({ token, expiresAt, playback });
    },
  );
}

/** A long film with pauses. */
const DEFAULT_SECONDS = 6 * 60 * 60;
