import { addAbortSignal, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { GetObjectCommand, type GetObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3';
import { DomainError } from '../domain/errors.ts';
import type { ObjectKey } from '../domain/object-keys.ts';
import type { StoredObject, StoredObjectInfo } from '../domain/ports.ts';
import type { ByteRange } from '../domain/source.ts';
import { assertObjectSize } from './object-rules.ts';
import { MAX_ATTEMPTS } from './s3-client.ts';
import { factsOf, NotS3Error } from './s3-errors.ts';

type Get = {
  readonly bucket: string;
  readonly key: ObjectKey;
  readonly range?: ByteRange;
  readonly signal: AbortSignal;
};

/** The SDK tries again until an answer begins; a body that breaks off after that is asked for again here. */
export async function readFromS3(client: S3Client, get: Get): Promise<StoredObject | undefined> {
  for (let attempt = 1; ; attempt++) {
    const answer = await openBody(client, get);
    if (!answer) return undefined;
    try {
      return await objectOf(answer, get);
    } catch (error) {
      const isBroken = ['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'].includes(factsOf(error).code);
      if (!isBroken || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

async function openBody(client: S3Client, { bucket, key, range, signal }: Get) {
  const Range = range && `bytes=${range.first}-${range.last}`;
  try {
    const command = new GetObjectCommand({ Bucket: bucket, Key: key, Range });
    return await client.send(command, { abortSignal: signal });
  } catch (error) {
    const { name, status } = factsOf(error);
    if (name === 'NoSuchKey') return undefined;
    if (status === 416) throw new DomainError('range_not_satisfiable', undefined, { cause: error });
    throw error;
  }
}

async function objectOf(answer: GetObjectCommandOutput, { key, range, signal }: Get): Promise<StoredObject> {
  const body = answer.Body;
  if (!(body instanceof Readable)) throw new TypeError('the SDK for Node answers with a stream');
  addAbortSignal(signal, body);
  try {
    const { ContentRange } = answer;
    const info = infoOfS3(answer);
    assertObjectSize(key, answer.ContentLength ?? info.sizeBytes);
    const bytes = await buffer(body);
    if (range && !ContentRange) return { ...info, bytes: sliceOf(bytes, range) };
    return { ...info, bytes };
  } finally {
    body.destroy();
  }
}

type Described = Pick<GetObjectCommandOutput, 'ETag' | 'ContentLength' | 'ContentType' | 'ContentRange'>;

export function infoOfS3({ ETag, ContentLength, ContentType, ContentRange }: Described): StoredObjectInfo {
  const whole = /\/(\d+)$/.exec(ContentRange ?? '')?.[1];
  const sizeBytes = whole === undefined ? ContentLength : Number(whole);
  if (sizeBytes === undefined) throw new NotS3Error();
  return {
    sizeBytes,
    etag: etagOfS3(ETag),
    contentType: ContentType ?? 'application/octet-stream',
  };
}

export function etagOfS3(header: string | undefined): string {
  if (!header) throw new NotS3Error();
  return header.replaceAll('"', '');
}

/** A server may ignore a range, and some do for empty objects. */
function sliceOf(bytes: Uint8Array, { first, last }: ByteRange): Uint8Array {
  if (first >= bytes.byteLength) throw new DomainError('range_not_satisfiable');
  return bytes.subarray(first, last + 1);
}
