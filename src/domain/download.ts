import type { VideoId } from './ids.ts';
import type { FinishedWork } from './job-records.ts';
import type { Offer } from './offer.ts';
import type { StoredRendition } from './tasks.ts';

/** What the tasks of the job brought whose generation players get. */
export interface PublishedWork {
  /** Undefined where nothing of the video is published. */
  find(videoId: VideoId): Promise<(FinishedWork & { readonly generation: number }) | undefined>;
}

/** What a download of a rendition holds: pictures with the default sound, or sound alone. Undefined for an unknown one. */
export function downloadTracks({ video, audio }: Offer, rendition: string): StoredRendition[] | undefined {
  const picture = video.find(({ made }) => made.rendition === rendition);
  if (picture) return [picture, ...audio.slice(0, 1)].map(({ made }) => made);
  const sound = audio.find(({ made }) => made.rendition === rendition);
  return sound && [sound.made];
}
