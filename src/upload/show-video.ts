import type { VideoId } from '../domain/ids.ts';
import { playbackGrant, readPlaybackGrant } from '../domain/playback-grant.ts';
import type { Clock } from '../domain/ports.ts';
import type { VideoResource } from '../domain/video-resource.ts';
import type { TextSigner } from '../lib/sign-text.ts';

/** Who asks: somebody with a key (everybody, where there are none), or a guest, perhaps with a playback token. */
export type Viewer = { readonly hasKey: boolean; readonly token: string | undefined };

/** @returns the video as this viewer may see it; undefined where it is private, and nothing of theirs opens it. */
export type ShowVideo = (video: VideoResource, viewer: Viewer) => VideoResource | undefined;

type Deps = {
  readonly clock: Clock;
  /** Of the secret that is shared with routers; without it there are no playback tokens. */
  readonly playbackSigner?: TextSigner | undefined;
};

/**
 * Tokens that are given with a video last six to twelve hours, and are the same for as long as six: a page that asks
 * again finds its player's address unchanged.
 */
const WINDOW_MS = 6 * 60 * 60 * 1000;

/**
 * A private video is shown with addresses that play. A guest's carry the token that they brought, and no newer one: what
 * they were given ends when it was said to.
 */
export function createShowVideo({ clock, playbackSigner: signer }: Deps): ShowVideo {
  return (video, { hasKey, token }) => {
    if (video.visibility === 'public') return video;
    const id = video.id as VideoId;
    if (!hasKey) return signer && token !== undefined && opens(token, id, signer) ? withToken(video, token) : undefined;
    const expiresAtMs = (Math.floor(clock.nowMs() / WINDOW_MS) + 2) * WINDOW_MS;
    return signer ? withToken(video, playbackGrant(id, expiresAtMs, signer.sign)) : video;
  };

  function opens(token: string, id: VideoId, { matches }: TextSigner): boolean {
    try {
      return readPlaybackGrant(token, id, { matches, nowMs: clock.nowMs() }) > 0;
    } catch {
      // Expired or none of ours: whatever it is, it opens nothing.
      return false;
    }
  }
}

export function withToken(video: VideoResource, token: string): VideoResource {
  if (!video.playback) return video;
  const at = <Path extends string | null>(path: Path) => (path === null ? path : `${path}?token=${token}`);
  const { hls, dash, poster, storyboard } = video.playback;
  return {
    ...video,
    playback: { hls: `${hls}?token=${token}`, dash: at(dash), poster: at(poster), storyboard: at(storyboard) },
  };
}
