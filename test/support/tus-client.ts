import { request } from 'node:http';

/** tus 1.0.0 spoken plainly, so that tests can also do what no good client does. */
export type TusAnswer = {
  readonly status: number;
  readonly headers: Headers;
  /** The `code` of a problem, or undefined. */
  readonly code: string | undefined;
};

const TUS = { 'Tus-Resumable': '1.0.0' };
const OCTETS = { 'Content-Type': 'application/offset+octet-stream' };

export async function tus(
  url: string,
  method: string,
  headers: Record<string, string> = {},
  body?: Uint8Array | ReadableStream,
): Promise<TusAnswer> {
  const init = body === undefined ? {} : { body, duplex: 'half' };
  const answer = await fetch(url, { method, headers: { ...TUS, ...headers }, ...init } as RequestInit);
  const text = await answer.text();
  const isProblem = answer.headers.get('content-type')?.includes('problem+json') && text !== '';
  return { status: answer.status, headers: answer.headers, code: isProblem ? JSON.parse(text).code : undefined };
}

export const metadata = (values: Record<string, string>): string =>
  Object.entries(values)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
    .join(',');

export type Creation = { size?: number; meta?: Record<string, string>; headers?: Record<string, string> };

/** The answer to a creation; `url` is that of the upload. */
export async function create(
  api: string,
  { size, meta = { filename: 'a.mp4', filetype: 'video/mp4' }, headers = {} }: Creation,
): Promise<TusAnswer & { url: string; videoId: string }> {
  const length: Record<string, string> =
    size === undefined ? { 'Upload-Defer-Length': '1' } : { 'Upload-Length': String(size) };
  const answer = await tus(`${api}/uploads`, 'POST', { ...length, 'Upload-Metadata': metadata(meta), ...headers });
  const location = answer.headers.get('location');
  const videoId = answer.headers.get('millrace-video-id') ?? '';
  return { ...answer, url: location === null ? '' : new URL(location, api).href, videoId };
}

export const patch = (
  url: string,
  offset: number,
  body: Uint8Array | ReadableStream,
  headers: Record<string, string> = {},
): Promise<TusAnswer> => tus(url, 'PATCH', { ...OCTETS, 'Upload-Offset': String(offset), ...headers }, body);

/** What HEAD says; undefined where the upload is gone. */
export async function offsetOf(url: string): Promise<number | undefined> {
  const { status, headers } = await tus(url, 'HEAD');
  if (status === 404 || status === 410) return undefined;
  if (status !== 200) throw new Error(`HEAD ${url}: ${status}`);
  return Number(headers.get('upload-offset'));
}

export type OpenPatch = {
  /** Resolves once the bytes are with the system, or never will be. */
  write(bytes: Uint8Array): Promise<void>;
  breakOff(): void;
  readonly status: Promise<number>;
};

/** A PATCH that announces more than it sends. `status` is that of the answer, or 0 where none came. */
export function openPatch(url: string, offset: number, announced: number): OpenPatch {
  const headers = { ...TUS, ...OCTETS, 'Upload-Offset': String(offset), 'Content-Length': String(announced) };
  const sending = request(url, { method: 'PATCH', headers });
  const status = new Promise<number>((resolve) => {
    sending.on('response', (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    sending.on('error', () => resolve(0));
    sending.on('close', () => resolve(0));
  });
  sending.flushHeaders();
  return {
    status,
    breakOff: () => void sending.destroy(),
    // A connection that breaks meanwhile ends the wait; `status` tells of it.
    write: (bytes) =>
      new Promise((resolve) => {
        sending.once('close', resolve);
        sending.write(bytes, () => resolve());
      }),
  };
}
