import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { VideoId } from '../../src/domain/ids.ts';
import type { TaskList } from '../../src/domain/job-lists.ts';
import { multivariantKey } from '../../src/domain/object-keys.ts';
import { checkPresentation } from '../../src/main/verify/check-presentation.ts';
import { readPresentation } from '../../src/main/verify/read-presentation.ts';
import { eventually } from '../../test/support/eventually.ts';
import { decodedFrames } from '../../test/support/media.ts';
import type { Platform, Video } from './platform.ts';
import type { Viewing } from './view.ts';

/** What is wrong with a video that was processed while something broke. Waits until nothing more happens to it. */
export async function wrongInVideo(platform: Platform, { id, source }: Video): Promise<string[]> {
  const { state, error } = await platform.instance.settled(id);
  if (state !== 'ready') return [`the video is ${state}: ${JSON.stringify(error)}`];
  const published = join(platform.store.objects, multivariantKey({ videoId: id as VideoId }));
  const [frames, findings, stored] = await Promise.all([
    decodedFrames(published),
    findingsIn(platform, id),
    bytesOf(`${platform.url}/videos/${id}/source`),
  ]);
  const wrong = findings.map((finding) => `players may fail on it: ${finding}`);
  if (frames.length === 0 || frames.some((count) => count !== source.frames))
    wrong.push(`its rungs decode to ${frames.join(', ')} frames, not to ${source.frames}`);
  if (!stored.equals(source.bytes)) wrong.push('the source that is stored is not the one that was sent');
  return wrong;
}

/** All that players can read of it, through the router, as `millrace verify` looks at it. */
async function findingsIn({ url }: Platform, videoId: string): Promise<string[]> {
  const { url: base } = await fetch(`${url}/play/${videoId}/index.m3u8`);
  const findings = checkPresentation(await readPresentation((path) => bytesOf(new URL(path, base).href)));
  return findings.filter(({ level }) => level === 'must').map(({ where, what }) => `${where}: ${what}`);
}

/** What a viewer got is held against what is stored, byte for byte. */
export async function wrongInViewing(platform: Platform, videoId: string, viewing: Viewing): Promise<string[]> {
  const folder = join(platform.store.objects, 'videos', videoId);
  const wrong: string[] = [];
  for (const [path, digest] of viewing.digests) {
    const stored = createHash('sha256').update(await readFile(join(folder, path)));
    if (stored.digest('hex') !== digest) wrong.push(`the viewer got other bytes of ${path} than are stored`);
  }
  return viewing.digests.size === 0 ? ['the viewer got nothing'] : wrong;
}

/** A stall that the viewer sees. */
export const stalls = ({ stalledMs }: Viewing): string[] =>
  stalledMs > 0 ? [`the picture stalled for ${Math.round(stalledMs)} ms`] : [];

/** A health check is a moment old, and its process may have been killed in it; gc takes such objects after a day. */
const OF_A_CHECK = 'left by a health check';

/** Objects that no row stands behind, once all work is done. */
export async function wrongLeftBehind({ instance, url }: Platform): Promise<string[]> {
  await eventually('no task is open', async () => {
    const { tasks } = JSON.parse(String(await bytesOf(`${url}/tasks?state=open`))) as TaskList;
    return tasks.length === 0;
  });
  const said = (await instance.command('gc', '--older-than', '0')).split('\n');
  const garbage = said.filter((line) => /^ *\d+ +\d+ /.test(line) && !line.endsWith(OF_A_CHECK));
  const unknown = said.filter((line) => line.includes('not known to the database'));
  return [...garbage, ...unknown].map((line) => `objects are left: ${line.trim()}`);
}

const DEADLINE_MS = 30_000;

async function bytesOf(url: string): Promise<Buffer> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(DEADLINE_MS) });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return Buffer.from(await answer.arrayBuffer());
}
