import { createHash } from 'node:crypto';
import { type DeleteObjectsCommand, S3Client } from '@aws-sdk/client-s3';

export type S3Credentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
};

export type S3Settings = {
  readonly bucket: string;
  readonly region: string;
  /** Unset: Amazon's own, which follows from the region. */
  readonly endpoint?: string;
  /** `endpoint/bucket/key` rather than `bucket.endpoint/key`: what servers without wildcard DNS need. */
  readonly forcePathStyle: boolean;
  readonly credentials: S3Credentials;
};

/** A call that takes longer than this, with all its tries, is given up. 8 MiB then need 1.2 Mbit/s. */
export const CALL_DEADLINE_MS = 60_000;

/** A server in reach accepts a connection at once; three tries still fit into the deadline of a check. */
const CONNECT_DEADLINE_MS = 2_000;

/** From the request's first byte to the answer's: leaves room for a second try within the call. */
const RESPONSE_DEADLINE_MS = 25_000;

export const MAX_ATTEMPTS = 3;

/** Also bounds memory: this many objects of one process are on the wire at once. */
const MAX_CONNECTIONS = 64;

export function createS3Client({ region, endpoint, forcePathStyle, credentials }: S3Settings): S3Client {
  return new S3Client({
    region,
    forcePathStyle,
    credentials,
    ...(endpoint ? { endpoint } : {}),
    // The default streams a CRC32 trailer that Ceph RGW 16 refuses (411) and others store as content.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: MAX_ATTEMPTS,
    // With "100-continue" the SDK (3.1168) opens a connection outside the pool for every large object.
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: CONNECT_DEADLINE_MS,
      requestTimeout: RESPONSE_DEADLINE_MS,
      throwOnRequestTimeout: true,
      // Waiting for a connection of the pool is bounded by the call's own deadline; no prose on the console.
      socketAcquisitionWarningTimeout: CALL_DEADLINE_MS,
      httpAgent: { keepAlive: true, maxSockets: MAX_CONNECTIONS },
      httpsAgent: { keepAlive: true, maxSockets: MAX_CONNECTIONS },
    },
  });
}

/** The one checksum that every server verifies; Ceph RGW ignores CRC32. */
export const md5Of = (bytes: Uint8Array | string): string => createHash('md5').update(bytes).digest('base64');

/** The SDK states CRC32 here and has no field for MD5, which servers older than 2025 insist on. */
export function withMd5(command: DeleteObjectsCommand): DeleteObjectsCommand {
  command.middlewareStack.add(
    (next) => (args) => {
      const { request } = args;
      if (isTextRequest(request)) request.headers['content-md5'] = md5Of(request.body);
      return next(args);
    },
    { step: 'build', priority: 'low', name: 'contentMd5' },
  );
  return command;
}

function isTextRequest(request: unknown): request is { headers: Record<string, string>; body: string } {
  return (
    typeof request === 'object' &&
    request !== null &&
    'headers' in request &&
    'body' in request &&
    typeof request.body === 'string'
  );
}
