import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lookWithin } from './examine.ts';
import {
  type Finding,
  judgeClock,
  judgeDisk,
  judgeEncoders,
  judgeNoDatabase,
  judgeNode,
  judgePort,
  judgeSandbox,
  judgeSchema,
} from './findings.ts';

const GIB = 1024 ** 3;
const VERSION = '18.4';

const CASES: readonly (readonly [name: string, finding: Finding, status: Finding['status'], says: RegExp])[] = [
  ['Node 24', judgeNode('24.1.0'), 'ok', /^24\.1\.0$/],
  ['Node 25', judgeNode('25.0.0'), 'ok', /^25/],
  ['Node 22', judgeNode('22.9.0'), 'fail', /too old/],
  ['ffmpeg without a user', judgeSandbox({ name: 'user', ffmpegVersion: '5.1' }), 'ok', /5\.1.*no user/],
  ['ffmpeg with all rights', judgeSandbox({ name: 'none', ffmpegVersion: '5.1' }), 'warn', /none/],
  ['the encoders of h264', judgeEncoders(['libx264', 'aac'], ['h264']), 'ok', /libx264, aac/],
  ['av1 without its encoder', judgeEncoders(['libx264', 'aac'], ['h264', 'av1']), 'fail', /with libsvtav1$/],
  ['no encoder for sound', judgeEncoders(['libx264'], ['h264']), 'fail', /with aac$/],
  ['a new database', judgeSchema({ applied: [], known: ['1', '2'], version: VERSION }), 'ok', /not made yet/],
  ['an equal schema', judgeSchema({ applied: ['1', '2'], known: ['1', '2'], version: VERSION }), 'ok', /schema 2$/],
  ['an old schema', judgeSchema({ applied: ['1'], known: ['1', '2'], version: VERSION }), 'warn', /to come: 2$/],
  [
    'a newer schema',
    judgeSchema({ applied: ['1', '2', '3'], known: ['1', '2'], version: VERSION }),
    'fail',
    /newer.*: 3/,
  ],
  ['an embedded database', judgeNoDatabase(true), 'ok', /embedded/],
  ['no database', judgeNoDatabase(false), 'warn', /none is set/],
  ['a right clock', judgeClock(-300), 'ok', /0\.3 s behind/],
  ['a clock that is off', judgeClock(2_000), 'warn', /2\.0 s ahead/],
  ['a wrong clock', judgeClock(-60_000), 'fail', /60\.0 s behind/],
  ['an empty disk', judgeDisk('/data', 50 * GIB), 'ok', /50\.0 GiB free for \/data/],
  ['a disk that fills up', judgeDisk('/data', 5 * GIB), 'warn', /5\.0 GiB/],
  ['a full disk', judgeDisk('/data', GIB / 2), 'fail', /0\.5 GiB/],
  ['a free port', judgePort('127.0.0.1:1', undefined), 'ok', /is free/],
  ['a taken port', judgePort('127.0.0.1:1', Object.assign(new Error(), { code: 'EADDRINUSE' })), 'warn', /is taken/],
  ['a port of others', judgePort('127.0.0.1:1', Object.assign(new Error(), { code: 'EACCES' })), 'fail', /EACCES/],
];

for (const [name, finding, status, says] of CASES)
  test(`${name} is told as ${status}`, () => {
    assert.equal(finding.status, status);
    assert.match(finding.says, says);
    assert.equal(finding.cure === undefined, status === 'ok', 'a cure for whatever is not well, and only then');
  });

test('a look that fails, or never ends, is a failure with its cure', async () => {
  const look = (work: () => Promise<never>) => lookWithin({ name: 'store', cure: 'mend it', look: work }, 20);
  const broken = await look(() => Promise.reject(new Error('nothing answers')));
  assert.deepEqual(broken, [{ check: 'store', status: 'fail', says: 'nothing answers', cure: 'mend it' }]);
  const [late] = await look(() => new Promise(() => {}));
  assert.deepEqual([late?.status, late?.says], ['fail', 'no answer within 0.02 s']);
});
