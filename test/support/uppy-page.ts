import Uppy from '@uppy/core';
import Tus from '@uppy/tus';

/** Bundled for a page by a test: what the page may call. */
export type UppyOutcome = { readonly sha256: string; readonly successful: number; readonly failed: number };

/** What one call to the browser's source of chance gives at most. */
const RANDOM_BYTES = 65_536;

async function uploadWithUppy(size: number, retryDelays: number[]): Promise<UppyOutcome> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += RANDOM_BYTES) crypto.getRandomValues(bytes.subarray(at, at + RANDOM_BYTES));
  const uppy = new Uppy().use(Tus, { endpoint: '/uploads', retryDelays, chunkSize: 4 * 1024 * 1024 });
  uppy.addFile({ name: 'clip.mp4', type: 'video/mp4', data: new Blob([bytes]) });
  const result = await uppy.upload();
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const sha256 = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return { sha256, successful: result?.successful?.length ?? 0, failed: result?.failed?.length ?? 0 };
}

Object.assign(globalThis, { uploadWithUppy });
