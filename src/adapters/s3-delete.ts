import { DeleteObjectCommand, DeleteObjectsCommand, type S3Client } from '@aws-sdk/client-s3';
import { withMd5 } from './s3-client.ts';
import { factsOf } from './s3-errors.ts';

/** For stores without a batch call. */
const SINGLE_DELETES_AT_ONCE = 8;

const WITHOUT_BATCHES = ['NotImplemented', 'MethodNotAllowed', 'MalformedXML', 'InvalidRequest'];

type Batch = { readonly bucket: string; readonly keys: readonly string[]; readonly signal: AbortSignal };

/** Deletes up to 1000 objects, in one call where the store can, else one by one. */
export async function deleteBatch(client: S3Client, { bucket, keys, signal }: Batch): Promise<void> {
  const remaining = await keysNotDeletedAtOnce(client, { bucket, keys, signal });
  const waiting = [...remaining];
  const worker = async (): Promise<void> => {
    for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }), { abortSignal: signal });
    }
  };
  await Promise.all(Array.from({ length: SINGLE_DELETES_AT_ONCE }, worker));
}

async function keysNotDeletedAtOnce(client: S3Client, { bucket, keys, signal }: Batch): Promise<readonly string[]> {
  const Delete = { Quiet: true, Objects: keys.map((Key) => ({ Key })) };
  try {
    const command = withMd5(new DeleteObjectsCommand({ Bucket: bucket, Delete }));
    const { Errors = [] } = await client.send(command, { abortSignal: signal });
    return Errors.flatMap(({ Key }) => (Key === undefined ? [] : [Key]));
  } catch (error) {
    const { name, status } = factsOf(error);
    if (status === 405 || status === 501 || WITHOUT_BATCHES.includes(name)) return keys;
    throw error;
  }
}
