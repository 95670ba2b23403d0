import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PART_SIZE_BYTES } from '../../domain/source.ts';
import { type HashedFile, readFull } from './hash-file.ts';
import { Refused, TryAgain, tusRequest } from './tus-request.ts';
import type { UploadMemory } from './upload-memory.ts';

/** Waits between tries that bring nothing; a restart of the server passes well within. */
const RETRY_DELAYS_MS = [500, 1000, 2000, 4000, 8000, 15_000, 30_000];

type Deps = {
  readonly server: string;
  readonly memory: UploadMemory;
  readonly onOffset: (bytes: number) => void;
  readonly retryDelaysMs?: readonly number[];
};

export type Uploaded = { readonly videoId: string; readonly created: boolean };
type Place = { readonly url: string; readonly offset: number; readonly videoId: string };

/** Sends a file by tus, going on where an earlier run stopped; a known file is done with no bytes sent. */
export async function uploadFile(path: string, hashed: HashedFile, deps: Deps): Promise<Uploaded> {
  const began = await patiently(deps, async () => (await earlierPlace(deps)) ?? (await newPlace(path, hashed, deps)));
  if ('created' in began) return began;
  await using file = await open(path, 'r');
  const buffer = Buffer.alloc(PART_SIZE_BYTES);
  let place: Place = began;
  while (place.offset < hashed.sizeBytes) {
    deps.onOffset(place.offset);
    const at = place;
    // Up to the end of the part that the server works on, so that every request ends with a whole one.
    const toPartEnd = PART_SIZE_BYTES - (at.offset % PART_SIZE_BYTES);
    const bytes = buffer.subarray(0, await readFull(file, buffer.subarray(0, toPartEnd), at.offset));
    if (bytes.byteLength === 0) throw new Refused('the file became shorter while it was sent');
    place = await patiently(deps, () => sendPart(at, bytes));
  }
  deps.onOffset(hashed.sizeBytes);
  await deps.memory.forget();
  return { videoId: place.videoId, created: place.videoId === began.videoId };
}

/** Where an earlier run stopped, unless the server has given that upload up. */
async function earlierPlace({ memory }: Deps): Promise<Place | undefined> {
  const url = await memory.recall();
  if (url === undefined) return undefined;
  try {
    return placeOf(url, await tusRequest(url, { method: 'HEAD' }));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    await memory.forget();
    return undefined;
  }
}

async function newPlace(path: string, { contentId, sizeBytes }: HashedFile, deps: Deps): Promise<Place | Uploaded> {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const headers = await tusRequest(`${deps.server}/uploads`, {
    method: 'POST',
    headers: {
      'Upload-Length': String(sizeBytes),
      'Upload-Metadata': `filename ${base64(basename(path))},contentId ${base64(contentId)}`,
    },
  });
  const place = placeOf(new URL(headers.get('location') ?? '', deps.server).href, headers);
  if (place.offset === sizeBytes) return { videoId: place.videoId, created: false };
  await deps.memory.keep(place.url);
  return place;
}

async function sendPart(at: Place, bytes: Buffer<ArrayBuffer>): Promise<Place> {
  try {
    const headers = {
      'Content-Type': 'application/offset+octet-stream',
      'Upload-Offset': String(at.offset),
      'Upload-Checksum': `sha256 ${createHash('sha256').update(bytes).digest('base64')}`,
    };
    return placeOf(at.url, await tusRequest(at.url, { method: 'PATCH', headers, body: bytes }));
  } catch (error) {
    if (!(error instanceof TryAgain)) throw error;
    // The server may have stored it and only the answer was lost: what it says is where to go on.
    const place = placeOf(at.url, await tusRequest(at.url, { method: 'HEAD' }));
    if (place.offset === at.offset) throw error;
    return place;
  }
}

const placeOf = (url: string, headers: Headers): Place => ({
  url,
  offset: Number(headers.get('upload-offset') ?? 0),
  videoId: headers.get('millrace-video-id') ?? '',
});

async function patiently<T>({ retryDelaysMs = RETRY_DELAYS_MS }: Deps, attempt: () => Promise<T>): Promise<T> {
  for (const waitMs of retryDelaysMs) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof TryAgain)) throw error;
      await delay(waitMs);
    }
  }
  return attempt();
}
