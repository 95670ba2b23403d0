import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';

/** A value as compressed JSON. */
export const gzipJson = (value: unknown): Promise<Uint8Array> => promisify(gzip)(JSON.stringify(value));

/** A few bytes may claim to be terabytes. */
const MAX_TEXT_BYTES = 1024 ** 3;

/** @throws Error where it is no compressed JSON */
export async function gunzipJson(bytes: Uint8Array): Promise<unknown> {
  const text = await promisify(gunzip)(bytes, { maxOutputLength: MAX_TEXT_BYTES });
  return JSON.parse(text.toString('utf8'));
}
