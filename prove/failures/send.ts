import { Upload } from 'tus-js-client';

const CHUNK_BYTES = 8 * 1024 * 1024;
/** Longer in all than anything here lasts. */
const RETRY_DELAYS_MS = [250, 500, 1000, 1000, 2000, 2000, 3000, 3000, 5000, 5000, 5000, 5000, 10_000, 10_000];

/** An answer to the client: what is stored for good by then. */
export type Acknowledged = { readonly wallMs: number; readonly offset: number };
export type Sent = {
  readonly videoId: string;
  readonly acknowledged: readonly Acknowledged[];
  readonly retries: number;
};
export type SendOptions = {
  readonly url: string;
  readonly name: string;
  /** Called as bytes leave and as they are acknowledged; what it does is done before more follows. */
  readonly onSent?: (bytes: number) => void;
  readonly onStored?: (bytes: number) => void;
};

/** Uploads with tus-js-client, which asks where to go on after whatever happens. */
export function send(bytes: Buffer, { url, name, onSent, onStored }: SendOptions): Promise<Sent> {
  return new Promise((done, failed) => {
    let videoId = '';
    let retries = 0;
    const acknowledged: Acknowledged[] = [];
    const upload = new Upload(bytes, {
      endpoint: `${url}/uploads`,
      chunkSize: CHUNK_BYTES,
      retryDelays: RETRY_DELAYS_MS,
      metadata: { filename: `${name}.mp4`, filetype: 'video/mp4' },
      onProgress: (sent) => onSent?.(sent),
      onChunkComplete: (_, stored) => onStored?.(stored),
      onAfterResponse: (_, response) => {
        videoId = response.getHeader('Millrace-Video-Id') ?? videoId;
        const offset = response.getHeader('Upload-Offset');
        if (offset !== undefined) acknowledged.push({ wallMs: Date.now(), offset: Number(offset) });
      },
      onShouldRetry: () => {
        retries++;
        return true;
      },
      onSuccess: () => done({ videoId, acknowledged, retries }),
      onError: failed,
    });
    upload.start();
  });
}

/** What must never happen: an offset that is lower than one before it. */
export function lostBytes({ acknowledged }: Pick<Sent, 'acknowledged'>): string[] {
  const backwards = acknowledged.find(({ offset }, i) => offset < (acknowledged[i - 1]?.offset ?? 0));
  return backwards ? [`acknowledged bytes were lost: the upload went back to ${backwards.offset}`] : [];
}

/** The first answer after a moment. */
export const backAfter = ({ acknowledged }: Sent, sinceMs: number): Acknowledged | undefined =>
  acknowledged.find(({ wallMs }) => wallMs > sinceMs);
