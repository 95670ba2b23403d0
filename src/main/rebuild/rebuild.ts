import { createHash } from 'node:crypto';
import { ABOUT_FORMAT, type AboutVideo, type AddOutcome, type RebuiltRecords } from '../../domain/about-video.ts';
import type { ContentId, VideoId } from '../../domain/ids.ts';
import { aboutKey, privateMarkKey, sourcePartKey } from '../../domain/object-keys.ts';
import type { Clock, ObjectStore, StoredPart } from '../../domain/ports.ts';
import { gunzipJson } from '../../lib/gzip-json.ts';
import { highestGeneration, judgeVideo } from './judge-video.ts';
import { AboutError, parseAbout } from './parse-about.ts';
import { type StoredVideo, storedVideos } from './stored-videos.ts';

export type RebuildDeps = {
  readonly store: Pick<ObjectStore, 'list' | 'read'>;
  readonly records: RebuiltRecords;
  readonly clock: Clock;
  readonly isDryRun: boolean;
};

export type Outcome = AddOutcome | 'to_process' | 'left';
export type Rebuilt = { readonly videoId: VideoId; readonly outcome: Outcome; readonly why?: string };

/** Makes the rows of every video of the bucket, one after the other. Nothing in the bucket is changed. */
export async function* rebuildVideos(deps: RebuildDeps): AsyncGenerator<Rebuilt> {
  for await (const video of storedVideos(deps.store))
    yield { videoId: video.videoId, ...(await rebuildOne(video, deps)) };
}

async function rebuildOne(video: StoredVideo, deps: RebuildDeps): Promise<Omit<Rebuilt, 'videoId'>> {
  const { videoId, sizes } = video;
  const read = await readAbout(video, deps.store);
  if (read.error?.isNewer) return { outcome: 'left', why: read.error.message };
  const found = judgeVideo(video, read.about);
  const why = found.verdict === 'as_it_was' ? {} : { why: [read.error?.message, found.why].filter(Boolean).join('; ') };
  if (found.verdict === 'leave') return { outcome: 'left', ...why };
  const added = found.verdict === 'as_it_was' ? 'added' : 'to_process';
  const version = await deps.records.versionOf(videoId);
  if (version !== undefined && version >= (found.about?.version ?? 0)) return { outcome: 'known' };
  if (deps.isDryRun) return { outcome: version === undefined ? added : 'replaced', ...why };
  const about = found.about ?? (await aboutFromSource(video, deps));
  const visibility = sizes.has(privateMarkKey({ videoId })) ? 'private' : 'public';
  const outcome = await deps.records.add({ about, visibility, highestGeneration: highestGeneration(video) });
  return outcome === 'added' ? { outcome: added, ...why } : { outcome };
}

type Read = { readonly about?: AboutVideo; readonly error?: AboutError };

/** A damaged file counts as none: the source tells enough to process it again. */
async function readAbout({ videoId, sizes }: StoredVideo, store: RebuildDeps['store']): Promise<Read> {
  const key = aboutKey({ videoId });
  const object = sizes.has(key) ? await store.read(key) : undefined;
  if (!object) return {};
  try {
    return { about: parseAbout(await gunzipJson(object.bytes).catch(damaged)) };
  } catch (error) {
    if (!(error instanceof AboutError)) throw error;
    return { error };
  }
}

function damaged(cause: Error): never {
  throw new AboutError(`its file is damaged: ${cause.message}`);
}

/** Of a video whose name is not known. Its content id is computed from its parts, as when they were uploaded. */
async function aboutFromSource({ videoId, sizes }: StoredVideo, { store, clock }: RebuildDeps): Promise<AboutVideo> {
  const parts: StoredPart[] = [];
  const content = createHash('sha256');
  for (let part = 0; sizes.has(sourcePartKey({ videoId, part })); part++) {
    const object = await store.read(sourcePartKey({ videoId, part }));
    if (!object) throw new Error(`part ${part} of ${videoId} went away while it was looked at`);
    const digest = createHash('sha256').update(object.bytes).digest();
    content.update(digest);
    parts.push({ sizeBytes: object.sizeBytes, sha256: digest.toString('hex') });
  }
  const unknown = { durationSeconds: null, widthPx: null, heightPx: null, frameRate: null, error: null };
  return {
    format: ABOUT_FORMAT,
    version: 1,
    id: videoId,
    title: videoId,
    filename: videoId,
    contentType: 'application/octet-stream',
    createdAt: new Date(clock.nowMs()).toISOString(),
    contentId: content.digest('hex') as ContentId,
    ...unknown,
    parts,
    captions: [],
    published: null,
  };
}

const KNOWN_PER_PAGE = 1_000;

/** Videos that play according to the database and have no object in the store: their bytes are lost, or were deleted. */
export async function* lostVideos(seen: ReadonlySet<VideoId>, records: RebuiltRecords): AsyncGenerator<VideoId> {
  for (let page = await records.published('', KNOWN_PER_PAGE); page.length > 0; ) {
    yield* page.filter((videoId) => !seen.has(videoId));
    page = await records.published(page.at(-1) ?? '', KNOWN_PER_PAGE);
  }
}
