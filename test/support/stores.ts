import { BucketAlreadyOwnedByYou, CreateBucketCommand } from '@aws-sdk/client-s3';
import { parseS3Setting } from '../../src/adapters/open-object-store.ts';
import { createS3Client } from '../../src/adapters/s3-client.ts';

/** Settings of an instance for the first real S3 server, where one was started; otherwise its own file store. */
export async function storeSettings(): Promise<NodeJS.ProcessEnv> {
  const [setting] = (process.env.MILLRACE_TEST_S3 ?? '').split(',');
  if (!setting) return {};
  const accessKeyId = process.env.MILLRACE_TEST_S3_ACCESS_KEY ?? '';
  const secretAccessKey = process.env.MILLRACE_TEST_S3_SECRET_KEY ?? '';
  await makeBucket(setting, { accessKeyId, secretAccessKey });
  return {
    MILLRACE_STORE: setting,
    MILLRACE_STORE_ACCESS_KEY: accessKeyId,
    MILLRACE_STORE_SECRET_KEY: secretAccessKey,
  };
}

export async function makeBucket(
  setting: string,
  credentials: { accessKeyId: string; secretAccessKey: string },
): Promise<void> {
  const parsed = parseS3Setting(setting);
  const client = createS3Client({ ...parsed, credentials });
  try {
    await client.send(new CreateBucketCommand({ Bucket: parsed.bucket }));
  } catch (error) {
    if (!(error instanceof BucketAlreadyOwnedByYou)) throw error;
  } finally {
    client.destroy();
  }
}
