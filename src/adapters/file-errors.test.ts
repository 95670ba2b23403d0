import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DomainError } from '../domain/errors.ts';
import { fileOutage } from './file-errors.ts';

const systemError = (code: string): Error =>
  Object.assign(new Error(`${code}: of the system`), { code, syscall: 'open' });

test('each way a disk refuses is one line that names the folder', () => {
  const lines = {
    EACCES: 'no permission to read and write /srv/objects',
    EROFS: '/srv/objects is on a read-only file system',
    ENOSPC: 'no space is left for /srv/objects',
    EDQUOT: 'the disk quota for /srv/objects is used up',
    ENOENT: '/srv/objects is gone',
    EIO: 'the disk of /srv/objects reports an error',
    ENOTSUP: 'the file system of /srv/objects has no hard links',
    ESTALE: '/srv/objects fails with ESTALE',
  };
  for (const [code, message] of Object.entries(lines)) {
    const cause = systemError(code);
    const outage = fileOutage(cause, '/srv/objects');
    assert.ok(outage instanceof DomainError);
    assert.deepEqual([outage.code, outage.message, outage.cause], ['store_unavailable', message, cause]);
  }
});

test('a client is told no path of this machine', () => {
  const outage = fileOutage(systemError('ENOSPC'));
  assert.ok(outage instanceof DomainError);
  assert.equal(outage.message, 'no space is left for the object store');
});

test('a defect is no outage', () => {
  const defect = new TypeError('of a programmer');
  assert.equal(fileOutage(defect), defect);
  const refusal = new DomainError('range_not_satisfiable');
  assert.equal(fileOutage(refusal), refusal);
});
