import { setTimeout as wait } from 'node:timers/promises';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { ObjectKey } from '../domain/object-keys.ts';
import { md5Of } from './s3-client.ts';
import { factsOf } from './s3-errors.ts';
import { etagOfS3 } from './s3-read.ts';

/** Writers of one key at one moment are few, and in each round one of them is done. */
const MAX_CONFLICT_ROUNDS = 6;
const CONFLICT_WAIT_MS = 50;

type Put = {
  readonly bucket: string;
  readonly key: ObjectKey;
  readonly bytes: Uint8Array;
  readonly contentType: string;
  readonly signal: AbortSignal;
};

/** One PUT, whole: a stream could not be sent again, and multipart uploads know no put-if-absent everywhere. */
export async function putToS3(client: S3Client, put: Put): Promise<{ etag: string }> {
  const { ETag } = await client.send(new PutObjectCommand(inputOf(put)), { abortSignal: put.signal });
  return { etag: etagOfS3(ETag) };
}

export async function putOnceToS3(client: S3Client, put: Put): Promise<'stored' | 'exists'> {
  const input = { ...inputOf(put), IfNoneMatch: '*' };
  for (let round = 1; ; round++) {
    try {
      const { ETag } = await client.send(new PutObjectCommand(input), { abortSignal: put.signal });
      etagOfS3(ETag);
      return 'stored';
    } catch (error) {
      const { status } = factsOf(error);
      if (status === 412) return 'exists';
      if (status !== 409 || round === MAX_CONFLICT_ROUNDS) throw error;
    }
    // ConditionalRequestConflict: another writer of this key is under way, and nobody has won yet.
    await wait(CONFLICT_WAIT_MS * round, undefined, { signal: put.signal });
  }
}

const inputOf = ({ bucket, key, bytes, contentType }: Put) => ({
  Bucket: bucket,
  Key: key,
  Body: bytes,
  ContentType: contentType,
  ContentMD5: md5Of(bytes),
});
