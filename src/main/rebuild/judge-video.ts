import type { AboutPublished, AboutVideo } from '../../domain/about-video.ts';
import type { VideoId } from '../../domain/ids.ts';
import { initKey, multivariantKey, segmentKey, sourcePartKey } from '../../domain/object-keys.ts';
import { PART_SIZE_BYTES } from '../../domain/source.ts';
import type { StoredRendition } from '../../domain/tasks.ts';
import type { StoredVideo } from './stored-videos.ts';

/**
 * What can be made of one video of the bucket.
 * `as_it_was`: its file says all, and everything that it plays stands there.
 * `process`: the source is there, and is to be processed again. Without a file its parts have to be read first.
 * `leave`: too little is there; nothing is done.
 */
export type Verdict =
  | { readonly verdict: 'as_it_was'; readonly about: AboutVideo }
  | { readonly verdict: 'process'; readonly about?: AboutVideo; readonly why: string }
  | { readonly verdict: 'leave'; readonly why: string };

export function judgeVideo(video: StoredVideo, about: AboutVideo | undefined): Verdict {
  if (!about) return judgeSource(video);
  const { published } = about;
  if (published && playsWhole(video, published)) return { verdict: 'as_it_was', about };
  if (!hasWholeSource(video, about)) return { verdict: 'leave', why: 'parts of its source are missing' };
  if (published) return { verdict: 'process', about: { ...about, published: null }, why: 'segments are missing' };
  if (about.error) return { verdict: 'as_it_was', about };
  return { verdict: 'process', about, why: 'it was not published' };
}

/** Without a file nobody says how long the source is: it has ended where its last part is not a full one. */
function judgeSource({ videoId, sizes }: StoredVideo): Verdict {
  const partSizes = partSizesOf(videoId, sizes);
  const last = partSizes.at(-1);
  if (last === undefined) return { verdict: 'leave', why: 'nothing of its source is there' };
  const isFull = partSizes.slice(0, -1).every((size) => size === PART_SIZE_BYTES);
  const hasEnded = last < PART_SIZE_BYTES || sizes.has(multivariantKey({ videoId }));
  if (!isFull || !hasEnded) return { verdict: 'leave', why: 'its upload had not ended' };
  return { verdict: 'process', why: 'nothing but its source and segments is there' };
}

function partSizesOf(videoId: VideoId, sizes: StoredVideo['sizes']): number[] {
  const found: number[] = [];
  for (let size = sizes.get(sourcePartKey({ videoId, part: 0 })); size !== undefined; ) {
    found.push(size);
    size = sizes.get(sourcePartKey({ videoId, part: found.length }));
  }
  return found;
}

const hasWholeSource = ({ videoId, sizes }: StoredVideo, { parts }: AboutVideo): boolean =>
  parts.length > 0 && parts.every(({ sizeBytes }, part) => sizes.get(sourcePartKey({ videoId, part })) === sizeBytes);

/** Playlists are left out: orchestrators write them again from the rows. */
function playsWhole({ videoId, sizes }: StoredVideo, { generation, tasks }: AboutPublished): boolean {
  const made = tasks.flatMap(({ spec, result }): readonly StoredRendition[] =>
    spec.kind === 'encode' || spec.kind === 'audio'
      ? ((result as { renditions?: StoredRendition[] })?.renditions ?? [])
      : [],
  );
  return (
    made.length > 0 &&
    made.every(({ rendition, initSizeBytes, segments }) => {
      const of = { videoId, generation, rendition };
      const hasInit = sizes.get(initKey(of)) === initSizeBytes;
      return (
        hasInit && segments.every(({ segment, sizeBytes }) => sizes.get(segmentKey({ ...of, segment })) === sizeBytes)
      );
    })
  );
}

const GENERATION = /^videos\/[^/]+\/g(\d{1,6})\//;

/** 0 where nothing was ever made of it. */
export const highestGeneration = ({ sizes }: StoredVideo): number =>
  [...sizes.keys()].reduce((highest, key) => Math.max(highest, Number(GENERATION.exec(key)?.[1] ?? 0)), 0);
