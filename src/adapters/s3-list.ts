import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import type { ObjectKey } from '../domain/object-keys.ts';
import type { ListPage } from '../domain/ports.ts';
import { NotS3Error } from './s3-errors.ts';

type List = {
  readonly bucket: string;
  readonly prefix: string;
  readonly after: string;
  readonly limit: number;
  readonly signal: AbortSignal;
};

export async function listFromS3(client: S3Client, { bucket, prefix, after, limit, signal }: List): Promise<ListPage> {
  // Without the encoding, XML loses spaces at the ends of a key.
  const input = { Bucket: bucket, Prefix: prefix, MaxKeys: limit, EncodingType: 'url' as const };
  const command = new ListObjectsV2Command(after === '' ? input : { ...input, StartAfter: after });
  const { Contents = [], IsTruncated, EncodingType, KeyCount } = await client.send(command, { abortSignal: signal });
  if (KeyCount === undefined && Contents.length === 0) throw new NotS3Error();
  const objects = Contents.map(({ Key = '', Size = 0, LastModified }) => ({
    key: (EncodingType === 'url' ? decoded(Key) : Key) as ObjectKey,
    sizeBytes: Size,
    // A server that does not say is taken to have written it just now: then nobody takes it for garbage.
    modifiedAtMs: LastModified?.getTime() ?? Number.POSITIVE_INFINITY,
  }));
  const last = objects.at(-1);
  return IsTruncated && last ? { objects, next: last.key } : { objects };
}

const decoded = (key: string): string => decodeURIComponent(key.replaceAll('+', ' '));
