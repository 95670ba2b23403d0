import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  mkdir,
  mkdtemp,
  open as openFile,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DiskObjects } from '../../src/adapters/disk-objects.ts';
import { segmentKey } from '../../src/domain/object-keys.ts';
import type { StoredObject } from '../../src/domain/ports.ts';
import { capturedLog } from '../fakes/captured-log.ts';
import { ManualClock } from '../fakes/manual-clock.ts';
import { VIDEO } from '../fakes/playable-video.ts';

const MiB = 1024 * 1024;
const key = (segment: number, rendition = 'v360') => segmentKey({ videoId: VIDEO, generation: 1, rendition, segment });

function object(sizeBytes: number): StoredObject {
  return { bytes: randomBytes(sizeBytes), sizeBytes, etag: `e-${sizeBytes}`, contentType: 'video/iso.segment' };
}

async function fixture() {
  const parent = await mkdtemp(join(tmpdir(), 'millrace-disk-'));
  const folder = join(parent, 'cache/edge-1');
  const clock = new ManualClock();
  const { log, lines } = capturedLog();
  const open = (maxBytes = MiB) => DiskObjects.open({ folder, maxBytes, log, clock });
  const events = () => lines.map(({ event, reason, does }) => [event, reason ?? does].filter(Boolean).join(' '));
  const dispose = () => rm(parent, { recursive: true, force: true });
  return { parent, folder, clock, lines, events, open, [Symbol.asyncDispose]: dispose };
}

/** An opened disk cache that holds one object, and the path of its file. */
async function withOneObject(on: Awaited<ReturnType<typeof fixture>>) {
  const disk = await on.open();
  const kept = object(10_000);
  disk.keep(key(0), kept);
  await disk.settled();
  return { disk, kept, path: join(on.folder, (await readdir(on.folder))[0]!) };
}

test('what was kept is read as it was, also by the process that starts after', async () => {
  await using on = await fixture();
  const { disk, kept } = await withOneObject(on);
  assert.deepEqual(await disk.read(key(0)), kept);
  const restarted = await on.open();
  assert.deepEqual([restarted.count, restarted.sizeBytes], [1, 12_288]);
  assert.deepEqual(await restarted.read(key(0)), kept);
  assert.equal(await restarted.read(key(1)), undefined);
  assert.deepEqual(on.events(), ['disk_opened', 'disk_opened']);
});

const DAMAGES: Readonly<Record<string, (path: string) => Promise<void>>> = {
  'size (cut short)': (path) => truncate(path, 5_000),
  'size (grown)': (path) => writeFile(path, 'x', { flag: 'a' }),
  'checksum (one bit)': (path) => change(path, (file) => file.writeUInt8(file.readUInt8(5_000) ^ 1, 5_000)),
  'checksum (zeros after a power cut)': (path) => change(path, (file) => file.fill(0, 512)),
  'head (zeros)': (path) => change(path, (file) => file.fill(0)),
  'head (no tag)': (path) => change(path, (file) => file.write('"etax"', file.indexOf('"etag"'))),
  'key (a file under another name)': (path) => change(path, (file) => file.write('v361', file.indexOf('v360'))),
  missing: (path) => rm(path),
};

async function change(path: string, edit: (file: Buffer) => unknown): Promise<void> {
  const file = await readFile(path);
  edit(file);
  await writeFile(path, file);
}

for (const [name, damage] of Object.entries(DAMAGES))
  test(`a damaged file is never served, but told and deleted: ${name}`, async () => {
    await using on = await fixture();
    const { disk, kept, path } = await withOneObject(on);
    await damage(path);
    assert.equal(await disk.read(key(0)), undefined);
    assert.equal(await disk.read(key(0)), undefined);
    await disk.settled();
    assert.deepEqual(await readdir(on.folder), []);
    assert.deepEqual(on.events(), ['disk_opened', `disk_object_damaged ${name.split(' ')[0]}`]);
    disk.keep(key(0), kept);
    await disk.settled();
    assert.deepEqual(await disk.read(key(0)), kept);
  });

test('a file that was cut while nobody ran is found out, whatever the list says', async () => {
  await using on = await fixture();
  const { path } = await withOneObject(on);
  await truncate(path, 5_000);
  const restarted = await on.open();
  assert.equal(await restarted.read(key(0)), undefined);
  assert.deepEqual(on.events().slice(2), ['disk_object_damaged size']);
});

test('what a killed writer left is removed at the start, and files of others are let be', async () => {
  await using on = await fixture();
  await withOneObject(on);
  await writeFile(join(on.folder, '~7'), 'half a segm');
  await writeFile(join(on.folder, 'notes.txt'), 'mine');
  const restarted = await on.open();
  assert.equal(restarted.count, 1);
  const names = await readdir(on.folder);
  assert.deepEqual(
    names.filter((name) => !name.startsWith('videos')),
    ['notes.txt'],
  );
});

test('a file that goes while the folder is read is no reason not to start', async () => {
  await using on = await fixture();
  const { path } = await withOneObject(on);
  // A link to nowhere is listed, and gone when it is looked at: as a file that another process removes in between.
  await symlink(join(on.folder, 'nowhere'), path.replace('000000', '000001'));
  const restarted = await on.open();
  assert.equal(restarted.count, 1);
});

test('it stays within its bytes, and drops what was used least', async () => {
  await using on = await fixture();
  const disk = await on.open(100_000);
  for (let segment = 0; segment < 20; segment++) {
    disk.keep(key(segment), object(10_000));
    await disk.settled();
    await disk.read(key(0));
  }
  await disk.settled();
  assert.ok(disk.sizeBytes <= 100_000);
  assert.equal((await readdir(on.folder)).length, disk.count);
  assert.ok(await disk.read(key(0)));
  assert.ok(await disk.read(key(19)));
  assert.equal(await disk.read(key(1)), undefined);
  const restarted = await on.open(30_000);
  assert.equal(restarted.count, 2);
  await restarted.settled();
  assert.equal((await readdir(on.folder)).length, 2);
});

test('one object, or all of a video, goes at once, also what waits to be written', async () => {
  await using on = await fixture();
  const disk = await on.open();
  for (let segment = 0; segment < 5; segment++) disk.keep(key(segment), object(1000));
  disk.delete(key(3));
  await disk.settled();
  assert.equal(disk.count, 4);
  disk.deletePrefix(`videos/${VIDEO}/`);
  await disk.settled();
  assert.equal(disk.count, 0);
  assert.deepEqual(await readdir(on.folder), []);
});

test('a disk that fails is told of once, left alone for ten seconds, and then used again', async () => {
  await using on = await fixture();
  const { disk, kept } = await withOneObject(on);
  await rename(on.folder, join(on.parent, 'away'));
  await writeFile(on.folder, 'not a folder');
  assert.equal(await disk.read(key(0)), undefined);
  for (let segment = 1; segment < 5; segment++) disk.keep(key(segment), object(1000));
  await disk.settled();
  assert.equal(await disk.read(key(0)), undefined);
  assert.deepEqual(on.events(), ['disk_opened', 'disk_failed read']);
  await rm(on.folder);
  await rename(join(on.parent, 'away'), on.folder);
  assert.equal(await disk.read(key(0)), undefined);
  on.clock.advance(10_000);
  assert.deepEqual(await disk.read(key(0)), kept);
});

test('a disk that hangs is given up on before a router gives up on the edge', async () => {
  await using on = await fixture();
  const { disk, path } = await withOneObject(on);
  await rm(path);
  // Opening it waits until somebody opens its other end.
  await promisify(execFile)('mkfifo', [path]);
  const routerLeaves = stepsOf50Ms(16).then(() => 'the router has left');
  const first = await Promise.race([disk.read(key(0)), routerLeaves]);
  await (await openFile(path, 'w')).close();
  assert.equal(first, undefined);
  assert.deepEqual(on.events(), ['disk_opened', 'disk_failed read']);
});

/** Counted as the disk counts: a busy machine makes every step longer. */
async function stepsOf50Ms(steps: number): Promise<void> {
  for (let i = 0; i < steps; i++) await delay(50);
}

test('a disk that cannot be written to fails no caller, is told of once, and is read on', async () => {
  await using on = await fixture();
  const { disk, kept } = await withOneObject(on);
  // A folder in the place of the next temporary file: not even root can write to that.
  await mkdir(join(on.folder, '~1'));
  for (let segment = 1; segment < 5; segment++) disk.keep(key(segment), object(1000));
  await disk.settled();
  assert.equal(await disk.read(key(1)), undefined);
  assert.deepEqual(await disk.read(key(0)), kept);
  assert.deepEqual(on.events(), ['disk_opened', 'disk_failed write']);
});

test('what cannot be written as fast as it comes is left out', async () => {
  await using on = await fixture();
  const disk = await on.open(100 * MiB);
  const large = object(8 * MiB);
  for (let segment = 0; segment < 10; segment++) disk.keep(key(segment), large);
  await disk.settled();
  assert.equal(disk.count, 4);
});
