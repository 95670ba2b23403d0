import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openObjectStore, parseS3Setting } from './open-object-store.ts';

const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };

test('file: opens a store of files in that folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-open-'));
  try {
    await (await openObjectStore(`file:${folder}`)).check();
    await (await openObjectStore(`file://${folder}`)).check();
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('s3: names bucket, endpoint, region and style', () => {
  const setting = 's3://media?endpoint=http://127.0.0.1:9000/&region=eu-central-1&forcePathStyle=false';
  assert.deepEqual(parseS3Setting(setting), {
    bucket: 'media',
    endpoint: 'http://127.0.0.1:9000',
    region: 'eu-central-1',
    forcePathStyle: false,
  });
});

test('path style is the default of a server of one\u2019s own, not of Amazon\u2019s', () => {
  assert.equal(parseS3Setting('s3://media?endpoint=https://minio.example').forcePathStyle, true);
  assert.deepEqual(parseS3Setting('s3://media'), { bucket: 'media', region: 'us-east-1', forcePathStyle: false });
});

test('a setting that is wrong is refused in one line that says how', async () => {
  const wrong: [string, RegExp][] = [
    ['', /file:<folder> or s3:/],
    ['/srv/objects', /file:<folder> or s3:/],
    ['file:', /names no folder/],
    ['s3:', /names no bucket|not of the form/],
    ['s3://', /names no bucket|not of the form/],
    ['s3://media/folder', /no path after the bucket/],
    ['s3://media?endpont=http://h', /unknown parameter 'endpont'/],
    ['s3://media?endpoint=minio:9000', /http or https/],
    ['s3://media?endpoint=', /not of the form endpoint=/],
    ['s3://media?forcePathStyle=yes', /true or false/],
  ];
  for (const [setting, message] of wrong) {
    await assert.rejects(openObjectStore(setting, { credentials }), (error: Error) => {
      assert.match(error.message, message, setting);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  }
});

test('an S3 store without keys is refused, and keys within the setting are not repeated', async () => {
  await assert.rejects(openObjectStore('s3://media'), /needs an access key and a secret key/);
  for (const setting of ['s3://me:hush@media', 's3://media?endpoint=http://me:hush@host']) {
    await assert.rejects(openObjectStore(setting, { credentials }), (error: Error) => {
      assert.match(error.message, /takes no keys/);
      assert.doesNotMatch(error.message, /hush/);
      return true;
    });
  }
});
