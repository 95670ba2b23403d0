import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Instance } from '../../test/support/instance.ts';
import { create, offsetOf, openPatch, patch } from '../../test/support/tus-client.ts';
import type { Outcome } from './steps.ts';
import { byTime } from './stories.ts';

/** Of the file, when the connection is cut. */
const CUT_AT = 0.6;
const EVENTS = ['upload_started', 'upload_broken_off', 'upload_resumed', 'upload_completed'];

export type Uploaded = { readonly videoId: string; readonly completedMs: number };

/** Half of it and a bit, then no connection, then the rest from where the server says. */
export async function uploadWithBreak(instance: Instance, file: string): Promise<Outcome<Uploaded>> {
  const bytes = await readFile(file);
  const { url, videoId } = await create(instance.url, { size: bytes.length, meta: { filename: 'Counted frames.mp4' } });
  const cutAt = Math.round(bytes.length * CUT_AT);
  const sending = openPatch(url, 0, bytes.length);
  await sending.write(bytes.subarray(0, cutAt));
  sending.breakOff();
  const offset = await offsetOf(url);
  if (offset === undefined) throw new Error('the upload is gone after the break');
  const rest = await patch(url, offset, bytes.subarray(offset));
  if (rest.status !== 204) throw new Error(`the rest was answered with ${rest.status} ${rest.code}`);
  const completedMs = Date.now();
  const stored = await fetch(`${instance.url}/videos/${videoId}/source`);
  const isSame = sha256(new Uint8Array(await stored.arrayBuffer())) === sha256(bytes);
  const lines = byTime(await instance.logs());
  return {
    seen: `video ${videoId}: cut after ${mb(cutAt)} of ${mb(bytes.length)}, ${mb(offset)} were safe and were not sent again; the source that is stored is ${isSame ? 'the file, byte for byte' : 'another one'}`,
    wrong: [
      ...(offset === 0 ? ['nothing was safe after the break'] : []),
      ...(isSame ? [] : ['the source that is stored is not the file']),
    ],
    lines: lines.filter((line) => line.videoId === videoId && EVENTS.includes(String(line.event))),
    gives: { videoId, completedMs },
  };
}

const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
