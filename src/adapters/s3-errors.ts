import { DomainError } from '../domain/errors.ts';

/** Whom a line is about. `place` is the endpoint for an operator, and no address for a client. */
export type S3Place = { readonly place: string; readonly bucket: string; readonly region: string };

type Line = (at: S3Place) => string;

const refused: Line = ({ place, bucket }) => `access to bucket '${bucket}' is refused by ${place}`;
const noBucket: Line = ({ place, bucket }) => `bucket '${bucket}' does not exist at ${place}`;
const wrongRegion: Line = ({ place, bucket, region }) =>
  `bucket '${bucket}' is not in region '${region}' of ${place}, or is reached by another endpoint`;
const full: Line = ({ place, bucket }) => `no space is left in bucket '${bucket}' at ${place}`;
const silent: Line = ({ place }) => `nothing answers at ${place}`;
const unknownHost: Line = ({ place }) => `the host name of ${place} is not known`;
const brokenOff: Line = ({ place }) => `the connection to ${place} broke off`;
const slow: Line = ({ place }) => `${place} does not answer in time`;
const notS3: Line = ({ place }) => `${place} does not answer like an S3 store`;

const LINE_OF_NAME: Readonly<Record<string, Line>> = {
  NoSuchBucket: noBucket,
  SignatureDoesNotMatch: ({ place }) => `the secret key is not accepted by ${place}`,
  InvalidAccessKeyId: ({ place }) => `the access key is not known to ${place}`,
  ExpiredToken: ({ place }) => `the credentials for ${place} have expired`,
  AccessDenied: refused,
  Forbidden: refused,
  RequestTimeTooSkewed: ({ place }) => `the clock of this machine differs too much from that of ${place}`,
  PermanentRedirect: wrongRegion,
  AuthorizationHeaderMalformed: wrongRegion,
  InvalidBucketName: ({ place, bucket }) => `'${bucket}' is no bucket name for ${place}`,
  QuotaExceeded: full,
  XMinioStorageFull: full,
  ECONNREFUSED: silent,
  EHOSTUNREACH: silent,
  ENETUNREACH: silent,
  ENOTFOUND: unknownHost,
  EAI_AGAIN: unknownHost,
  ECONNRESET: brokenOff,
  EPIPE: brokenOff,
  ABORT_ERR: slow,
  AbortError: slow,
  TimeoutError: slow,
  NotS3Error: notS3,
};

/** An answer without what every S3 store says. */
export class NotS3Error extends Error {
  override readonly name = 'NotS3Error';
}

/** Only failures of the store become an outage; anything else is a defect and crashes upwards. */
export function s3Outage(error: unknown, at: S3Place): unknown {
  if (!(error instanceof Error) || error instanceof DomainError) return error;
  const line = lineOf(error, at);
  return line === undefined ? error : new DomainError('store_unavailable', line, { cause: error });
}

function lineOf(error: Error, at: S3Place): string | undefined {
  const { name, message, status, code } = factsOf(error);
  if (message.includes('did not establish a connection')) return silent(at);
  const known = LINE_OF_NAME[name] ?? LINE_OF_NAME[code];
  if (known) return known(at);
  if (isTlsTrouble(code)) return `no secure connection to ${at.place}: ${code}`;
  if (status === undefined) return code.startsWith('HPE_') ? notS3(at) : undefined;
  return lineOfStatus(status, name, at);
}

function lineOfStatus(status: number, name: string, at: S3Place): string {
  if (status === 301 || status === 307) return wrongRegion(at);
  if (status === 403) return refused(at);
  if (status === 507) return full(at);
  if (status >= 500) return `${at.place} fails with HTTP ${status} ${name}`;
  const isS3 =
    /^[A-Z][A-Za-z]+$/.test(name) && !['Unknown', 'UnknownError', 'NotFound', 'Error', 'SyntaxError'].includes(name);
  return isS3 ? `${at.place} refuses a request: HTTP ${status} ${name}` : notS3(at);
}

const isTlsTrouble = (code: string): boolean => /CERT|^ERR_(TLS|SSL)|^EPROTO$/.test(code);

type Facts = { name: string; message: string; code: string; status: number | undefined };

/** What the SDK's errors carry beside a message: a name by S3, a code by Node, an HTTP status. */
export function factsOf(error: unknown): Facts {
  if (!(error instanceof Error)) return { name: '', message: '', code: '', status: undefined };
  const { $metadata, code } = error as { $metadata?: { httpStatusCode?: number }; code?: unknown };
  const { name, message } = error;
  return { name, message, code: typeof code === 'string' ? code : '', status: $metadata?.httpStatusCode };
}
