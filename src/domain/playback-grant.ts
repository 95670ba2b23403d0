import { DomainError } from './errors.ts';
import type { VideoId } from './ids.ts';

/** Who may begin to play a video: whoever knows its address, or whoever has a playback token for it. */
export const VISIBILITIES = ['public', 'private'] as const;
export type Visibility = (typeof VISIBILITIES)[number];

/**
 * A playback token: the right to play one video until a time, `{expiry}.{signature}`, the expiry in seconds and base
 * 36. It is handed to the router with the first request (`?token=`), and the session that begins with it ends with it.
 */
export function playbackGrant(videoId: VideoId, expiresAtMs: number, sign: (text: string) => string): string {
  const expiry = Math.floor(expiresAtMs / 1000).toString(36);
  return `${expiry}.${sign(signedText(videoId, expiry))}`;
}

type GrantCheck = { readonly matches: (text: string, signature: string) => boolean; readonly nowMs: number };

/** @returns until when. @throws DomainError playback_denied when it was not made by us, is for another video, or has expired. */
export function readPlaybackGrant(token: string, videoId: VideoId, { matches, nowMs }: GrantCheck): number {
  const [, expiry = '', signature = ''] = GRANT.exec(token) ?? [];
  if (expiry === '' || !matches(signedText(videoId, expiry), signature)) throw new DomainError('playback_denied');
  const expiresAtMs = Number.parseInt(expiry, 36) * 1000;
  if (nowMs >= expiresAtMs) throw new DomainError('playback_denied', 'The playback token has expired.');
  return expiresAtMs;
}

const GRANT = /^([0-9a-z]{6,8})\.([A-Za-z0-9_-]{22})$/;

/** The purpose comes first, so that no other signed text of this secret can pass as a grant. */
const signedText = (videoId: VideoId, expiry: string): string => `playback-grant:${videoId}:${expiry}`;
