import { DomainError } from '../domain/errors.ts';
import { errnoOf } from './file-durable.ts';

/** What an operator should read; `place` is the folder for them, and no path for a client. */
const TROUBLE: Readonly<Record<string, (place: string) => string>> = {
  EACCES: (place) => `no permission to read and write ${place}`,
  EPERM: (place) => `no permission to read and write ${place}, or its file system has no hard links`,
  ENOTSUP: (place) => `the file system of ${place} has no hard links`,
  EOPNOTSUPP: (place) => `the file system of ${place} has no hard links`,
  EXDEV: (place) => `${place} spans several file systems`,
  EROFS: (place) => `${place} is on a read-only file system`,
  ENOSPC: (place) => `no space is left for ${place}`,
  EDQUOT: (place) => `the disk quota for ${place} is used up`,
  ENOENT: (place) => `${place} is gone`,
  ENOTDIR: (place) => `${place} is not a folder of objects`,
  EEXIST: (place) => `${place} is not a folder`,
  EIO: (place) => `the disk of ${place} reports an error`,
  EMFILE: (place) => `too many open files to use ${place}`,
  ENFILE: (place) => `too many open files to use ${place}`,
};

/** Only failures of the system become an outage; anything else is a defect and crashes upwards. */
export function fileOutage(error: unknown, place = 'the object store'): unknown {
  const errno = errnoOf(error);
  const isSystemError = errno !== undefined && error instanceof Error && 'syscall' in error;
  if (!isSystemError) return error;
  const line = TROUBLE[errno]?.(place) ?? `${place} fails with ${errno}`;
  return new DomainError('store_unavailable', line, { cause: error });
}
