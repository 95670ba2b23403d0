import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { openObjectStore, parseS3Setting } from '../../src/adapters/open-object-store.ts';
import type { ObjectKey } from '../../src/domain/object-keys.ts';
import type { ObjectStore } from '../../src/domain/ports.ts';
import { makeBucket } from '../support/stores.ts';
import { describeObjectStore } from './object-store.suite.ts';

/**
 * Runs on real servers only: `node scripts/s3-servers.mjs -- node --test test/contract/s3-object-store.test.ts`
 * starts them. MILLRACE_TEST_S3 holds their settings, separated by commas; the two other variables their keys.
 */
const settings = (process.env.MILLRACE_TEST_S3 ?? '').split(',').filter((setting) => setting !== '');
const credentials = {
  accessKeyId: process.env.MILLRACE_TEST_S3_ACCESS_KEY ?? '',
  secretAccessKey: process.env.MILLRACE_TEST_S3_SECRET_KEY ?? '',
};

test('there is a real S3 server to run on: MILLRACE_TEST_S3 names it', () => {
  assert.notEqual(settings.length, 0, 'MILLRACE_TEST_S3 is empty: see scripts/s3-servers.mjs');
});

for (const setting of settings) {
  const { bucket, endpoint = '' } = parseS3Setting(setting);
  const open = async (): Promise<ObjectStore> => {
    await makeBucket(setting, credentials);
    return openObjectStore(setting, { credentials });
  };
  describeObjectStore(`the S3 store on ${bucket}`, open);

  describe(`what a wrong setting says on ${bucket}`, () => {
    const anyKey = 'a/b' as ObjectKey;

    test('a bucket that does not exist is named', async () => {
      const store = await openObjectStore(setting.replace(bucket, 'no-such-bucket'), { credentials });
      const missing = (place: string) => ({
        code: 'store_unavailable',
        message: `bucket 'no-such-bucket' does not exist at ${place}`,
      });
      await assert.rejects(store.check(), missing(endpoint));
      await assert.rejects(store.read(anyKey), missing('the object store'));
      await assert.rejects(store.head(anyKey), missing('the object store'));
      await assert.rejects(store.list(''), missing('the object store'));
      await assert.rejects(store.put(anyKey, Buffer.from('x'), { contentType: 'a/b' }), missing('the object store'));
    });

    test('a wrong secret is told without telling it', async () => {
      const secretAccessKey = 'a-secret-that-is-wrong';
      const store = await openObjectStore(setting, { credentials: { ...credentials, secretAccessKey } });
      const error = await store.check().catch((error: unknown) => error);
      assert.ok(error instanceof Error);
      assert.equal(error.message, `the secret key is not accepted by ${endpoint}`);
      assert.doesNotMatch(inspect(error, { depth: 10 }), /a-secret-that-is-wrong/);
    });

    test('an unknown access key is told', async () => {
      const store = await openObjectStore(setting, { credentials: { ...credentials, accessKeyId: 'nobody' } });
      await assert.rejects(store.check(), { message: `the access key is not known to ${endpoint}` });
    });
  });
}
