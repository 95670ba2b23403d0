import type { ObjectStore } from '../domain/ports.ts';
import { openFileObjectStore } from './file-object-store.ts';
import type { S3Credentials, S3Settings } from './s3-client.ts';
import { createS3ObjectStore } from './s3-object-store.ts';

/** What S3 servers other than Amazon's expect where they have no regions. */
const DEFAULT_REGION = 'us-east-1';

const PARAMETERS = ['endpoint', 'region', 'forcePathStyle'];

/**
 * Opens the store that a setting names: `file:<folder>` or
 * `s3://<bucket>?endpoint=<url>&region=<region>&forcePathStyle=<true|false>`. Without an endpoint it is Amazon's;
 * with one, path style is the default. A setting that is wrong is told in one line, without any secret of it.
 */
export async function openObjectStore(
  setting: string,
  { credentials }: { credentials?: S3Credentials } = {},
): Promise<ObjectStore> {
  if (setting.startsWith('file:')) return openFileObjectStore(folderOf(setting));
  if (setting.startsWith('s3:'))
    return createS3ObjectStore({ ...parseS3Setting(setting), credentials: given(credentials) });
  throw new Error('an object store is file:<folder> or s3://<bucket>?endpoint=<url>');
}

function folderOf(setting: string): string {
  const folder = setting.slice('file:'.length).replace(/^\/\/(?=\/)/, '');
  if (folder === '') throw new Error('file:<folder> names no folder');
  return folder;
}

export function parseS3Setting(setting: string): Omit<S3Settings, 'credentials'> {
  const url = parseUrl(setting, 's3://<bucket>?endpoint=<url>');
  const [bucket, query] = [url.hostname, url.searchParams];
  if (bucket === '') throw new Error('s3://<bucket> names no bucket');
  if (!['', '/'].includes(url.pathname)) throw new Error('s3://<bucket> takes no path after the bucket');
  const unknown = [...query.keys()].find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined) throw new Error(`s3://${bucket} has the unknown parameter '${unknown}'`);
  const endpoint = query.get('endpoint');
  return {
    bucket,
    region: query.get('region') || DEFAULT_REGION,
    forcePathStyle: parseFlag(query.get('forcePathStyle') ?? String(endpoint !== null)),
    ...(endpoint === null ? {} : { endpoint: parseEndpoint(endpoint) }),
  };
}

function parseEndpoint(text: string): string {
  const url = parseUrl(text, 'endpoint=http://<host>:<port>');
  if (!['http:', 'https:'].includes(url.protocol)) throw new Error('the endpoint of a store is an http or https URL');
  return url.href.replace(/\/$/, '');
}

function parseUrl(text: string, form: string): URL {
  const url = URL.parse(text);
  if (!url) throw new Error(`not of the form ${form}`);
  if (url.username || url.password) throw new Error(`${form} takes no keys: they are settings of their own`);
  return url;
}

function parseFlag(text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new Error('forcePathStyle is true or false');
  return text === 'true';
}

function given(credentials: S3Credentials | undefined): S3Credentials {
  if (!credentials) throw new Error('an s3:// store needs an access key and a secret key');
  return credentials;
}
