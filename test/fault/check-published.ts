import { createHash } from 'node:crypto';
import type { VideoId } from '../../src/domain/ids.ts';
import { initKey, manifestKey, multivariantKey, type ObjectKey, segmentKey } from '../../src/domain/object-keys.ts';
import type { ObjectStore } from '../../src/domain/ports.ts';
import type { StoredRendition } from '../../src/domain/tasks.ts';

export type Published = {
  readonly videoId: VideoId;
  readonly generation: number;
  /** What the tasks of the job say they stored. */
  readonly results: readonly StoredRendition[];
  /** How long each rendition was planned to be, in its own ticks. */
  readonly planned: ReadonlyMap<string, number>;
};

type Reader = Pick<ObjectStore, 'read' | 'list'>;
/** One AAC frame: audio ends on a whole one. */
const TOLERANCE_TICKS = 1_024;

/** What is wrong with a published video: playlists, segments and inits are held against the plan and the store. */
export async function wrongInPublished(video: Published, store: Reader): Promise<string[]> {
  const { videoId, generation, planned } = video;
  const start = await textOf(multivariantKey({ videoId }), store);
  const listed = [...new Set([...start.matchAll(/g(\d+)\/([a-z0-9-]+)\/index\.m3u8/g)].map(([path]) => path))].sort();
  const wanted = [...planned.keys()].map((name) => `g${generation}/${name}/index.m3u8`).sort();
  if (listed.join() !== wanted.join()) return [`${videoId} lists ${listed.join() || 'nothing'}, not ${wanted.join()}`];
  const renditions = [...planned.keys()].map((name) => wrongInRendition(name, video, store));
  return (await Promise.all(renditions)).flat();
}

/** What players could start from although nothing is published. */
export async function wrongInUnpublished(videoId: VideoId, store: Pick<ObjectStore, 'head'>): Promise<string[]> {
  const keys = [multivariantKey({ videoId }), manifestKey({ videoId })];
  const standing = await Promise.all(keys.map((key) => store.head(key)));
  return keys.filter((_, i) => standing[i]).map((key) => `${key} stands, and nothing is published`);
}

async function wrongInRendition(rendition: string, video: Published, store: Reader): Promise<string[]> {
  const of = { videoId: video.videoId, generation: video.generation, rendition };
  const prefix = `videos/${of.videoId}/g${of.generation}/${rendition}/`;
  const playlist = await textOf(`${prefix}index.m3u8` as ObjectKey, store);
  const files = [...playlist.matchAll(/^#EXTINF:([\d.]+),\n(\S+)$/gm)];
  const pieces = video.results.filter((result) => result.rendition === rendition);
  const segments = pieces.flatMap((piece) => piece.segments).sort((a, b) => a.segment - b.segment);
  const wrong: string[] = [];
  const expect = (isRight: boolean, what: string): void => void (isRight || wrong.push(`${prefix}: ${what}`));

  expect(playlist.includes('#EXT-X-ENDLIST'), 'its playlist is not the final one');
  expect(segments.length > 0 && segments.every(({ segment }, i) => segment === i), 'results have a gap or a double');
  expect(files.map(([, , uri]) => uri).join() === segments.map(fileOf).join(), 'the playlist lists other segments');
  const ticks = segments.reduce((sum, { durationTicks }) => sum + durationTicks, 0);
  const aside = Math.abs(ticks - (video.planned.get(rendition) ?? 0));
  expect(aside < (rendition.startsWith('a-') ? TOLERANCE_TICKS : 1), `its segments last ${ticks} ticks`);
  const timescale = pieces[0]?.timescale ?? 1;
  const said = files.map(([, seconds]) => Math.round(Number(seconds) * timescale));
  const off = segments.filter(({ durationTicks }, i) => Math.abs(durationTicks - (said[i] ?? 0)) > 1);
  expect(off.length === 0, `the playlist gives segments ${off.map((s) => s.segment).join()} another length`);

  const sizes = await sizesBelow(prefix, store);
  const init = await store.read(initKey(of));
  const sha256 = init && createHash('sha256').update(init.bytes).digest('hex');
  expect(
    pieces.every((piece) => piece.initSha256 === sha256),
    'its init is not the registered one',
  );
  for (const { segment, sizeBytes } of segments) {
    const size = sizes.get(segmentKey({ ...of, segment }));
    expect(size === sizeBytes, `segment ${segment} has ${size ?? 'no'} bytes, not ${sizeBytes}`);
  }
  const beside = segments.some(({ keyframes }) => keyframes) ? 3 : 2; // init, playlist, and one of keyframes
  expect(sizes.size === segments.length + beside, `${sizes.size} objects for ${segments.length} segments`);
  return wrong;
}

const fileOf = ({ segment }: { segment: number }): string => `${String(segment).padStart(6, '0')}.m4s`;

async function textOf(key: ObjectKey, store: Reader): Promise<string> {
  const object = await store.read(key);
  return object ? Buffer.from(object.bytes).toString() : '';
}

async function sizesBelow(prefix: string, store: Reader): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page: Awaited<ReturnType<Reader['list']>> = await store.list(prefix, { after });
    for (const { key, sizeBytes } of page.objects) sizes.set(key, sizeBytes);
    after = page.next;
  }
  return sizes;
}
