import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { sql } from 'kysely';
import { DomainError } from '../../src/domain/errors.ts';
import type { ContentId, VideoId } from '../../src/domain/ids.ts';
import type { LentTask } from '../../src/domain/tasks.ts';
import { decide, JobWorld, newContentId, newVideoId } from '../support/job-world.ts';

const NOT_A_VIDEO = { code: 'not_a_video', message: 'Nothing to decode.', cause: 'input' } as const;
const BY_HAND = { reason: 'by hand', force: false };

let world: JobWorld;
before(async () => {
  world = await JobWorld.open();
});
beforeEach(() => world.empty());
after(() => world.close());

test('ten simultaneous uploads of the same content end as one video with one job', async () => {
  const contentId = newContentId();
  const ids = await Promise.all(Array.from({ length: 10 }, () => started()));
  const answers = await Promise.all(ids.map((videoId) => finish(videoId, contentId)));
  assert.equal(answers.filter((answer) => answer.created).length, 1);
  assert.equal(new Set(answers.map((answer) => answer.videoId)).size, 1);
  const { videos } = await world.videos.list({ limit: 100 });
  assert.deepEqual(
    videos.map((video) => [video.id, video.job?.generation]),
    [[answers[0]!.videoId, 1]],
  );
  assert.equal((await world.db.selectFrom('jobs').select('id').execute()).length, 1);
});

test('the same content under another id is the video that exists, in whatever state it is', async () => {
  const contentId = newContentId();
  const elder = await world.uploaded(contentId);
  const younger = await started();
  assert.deepEqual(await finish(younger, contentId), { videoId: elder, state: 'uploaded', created: false });
  assert.equal(await world.videos.find(younger), undefined);
});

test('a duplicate of a failed video gives it another try', async () => {
  const contentId = newContentId();
  const elder = await failed(contentId);
  const answer = await finish(await started(), contentId);
  assert.deepEqual([answer.videoId, answer.created], [elder, false]);
  const video = await world.videos.find(elder);
  assert.deepEqual([video?.job?.generation, video?.job?.state], [1, 'queued']);
});

test('several simultaneous duplicates of a failed video are all answered, and queue one job', async () => {
  const contentId = newContentId();
  const elder = await failed(contentId);
  const ids = await Promise.all(Array.from({ length: 5 }, () => started()));
  const answers = await Promise.all(ids.map((videoId) => finish(videoId, contentId)));
  assert.deepEqual(new Set(answers.map((answer) => answer.videoId)), new Set([elder]));
  assert.equal((await world.db.selectFrom('jobs').select('id').execute()).length, 1);
});

test('an upload whose elder twin is deleted meanwhile becomes a video itself, or that one; never an error', async () => {
  for (let round = 0; round < 15; round++) {
    const contentId = newContentId();
    const elder = await world.uploaded(contentId);
    const younger = await started();
    const [answer] = await Promise.all([finish(younger, contentId), world.videos.remove(elder)]);
    assert.equal(answer.videoId, answer.created ? younger : elder);
    const left = await world.videos.find(younger);
    assert.equal(left?.state, answer.created ? 'uploaded' : undefined);
  }
});

test('an upload that was abandoned or deleted cannot be finished', async () => {
  const abandoned = await started();
  await world.videos.abandonUpload(abandoned);
  await assert.rejects(finish(abandoned, newContentId()), { code: 'no_such_video' });
  const done = await world.uploaded();
  await world.videos.abandonUpload(done);
  assert.equal((await world.videos.find(done))?.state, 'uploaded', 'only an open upload can be abandoned');
  await assert.rejects(finish(done, newContentId()), { code: 'no_such_video' });
});

test('pages of the list skip and repeat nothing, also among videos of the same instant', async () => {
  const ids: VideoId[] = [];
  for (let i = 0; i < 23; i++) ids.push(await started());
  // Two instants that differ by one microsecond, and many videos in each.
  await sql`update videos set created_at = '2026-01-01T00:00:00.000001Z'`.execute(world.db);
  await sql`update videos set created_at = '2026-01-01T00:00:00.000002Z' where id > ${ids.toSorted()[11]!}`.execute(
    world.db,
  );
  for (const limit of [1, 2, 7, 22, 23, 24]) {
    const seen: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await world.videos.list(cursor === undefined ? { limit } : { limit, cursor });
      seen.push(...page.videos.map((video) => video.id));
      cursor = page.next;
    }
    assert.deepEqual(seen, ids.toSorted().reverse());
  }
});

test('videos that come while a list is paged through do not disturb it', async () => {
  for (let i = 0; i < 4; i++) await started();
  const first = await world.videos.list({ limit: 2 });
  await started();
  const second = await world.videos.list({ limit: 2, cursor: first.next! });
  const ids = [...first.videos, ...second.videos].map((video) => video.id);
  assert.equal(new Set(ids).size, 4);
  assert.equal(second.next, null);
});

test('a cursor that was never handed out is refused', async () => {
  for (const cursor of [
    '',
    'x',
    '1_',
    '_0123456789abcdef',
    '1_0123456789ABCDEF',
    "1_' or true",
    '9'.repeat(99),
    '1_0123456789abcdef_2',
  ])
    await assert.rejects(world.videos.list({ limit: 1, cursor }), { code: 'bad_cursor' }, cursor);
});

test('a job is queued by hand only where the upload is finished and none is open', async () => {
  await assert.rejects(world.videos.requestJob(newVideoId(), BY_HAND), { code: 'no_such_video' });
  await assert.rejects(world.videos.requestJob(await started(), BY_HAND), { code: 'upload_not_finished' });
  const uploaded = await world.uploaded();
  await assert.rejects(world.videos.requestJob(uploaded, BY_HAND), { code: 'process_running' });
  await world.one.startQueuedJobs(10);
  await assert.rejects(world.videos.requestJob(uploaded, BY_HAND), { code: 'process_running' });
});

test('of simultaneous requests for a job, one is accepted', async () => {
  const videoId = await failed(newContentId());
  const asked = await Promise.allSettled(Array.from({ length: 6 }, () => world.videos.requestJob(videoId, BY_HAND)));
  assert.equal(asked.filter((one) => one.status === 'fulfilled').length, 1);
  for (const one of asked) if (one.status === 'rejected') assert.equal(one.reason.code, 'process_running');
});

test('the title is the file name without its ending, and can be changed', async () => {
  const videoId = await started();
  assert.equal((await world.videos.find(videoId))?.title, 'a clip');
  assert.equal(await world.videos.rename(videoId, 'Holiday – 日本'), true);
  assert.equal((await world.videos.find(videoId))?.title, 'Holiday – 日本');
  assert.equal(await world.videos.rename(newVideoId(), 'nothing'), false);
});

const VERBS = ['start', 'finish', 'abandon', 'request', 'startJobs', 'fail', 'remove'] as const;
type Verb = (typeof VERBS)[number];

test('whatever is asked in whatever order, a video moves only as its state machine allows', async () => {
  const anyOrder = fc.array(fc.constantFrom(...VERBS), { minLength: 4, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(anyOrder, async (verbs) => {
      await world.empty();
      const [model, real] = [new Model(), realVideo()];
      for (const verb of ['start', ...verbs] as const) {
        const expected = model.answerTo(verb);
        const answer = await real[verb]().then(
          () => 'ok',
          (error: { code?: string }) => error.code ?? String(error),
        );
        const video = await world.videos.find(real.videoId);
        assert.deepEqual(
          [verb, answer, video?.state ?? 'absent', video?.job?.generation ?? 0],
          [verb, expected, model.state, model.generation],
        );
      }
    }),
    { numRuns: 25 },
  );
});

/** What one video should do, without a database. */
class Model {
  state: 'absent' | 'uploading' | 'uploaded' | 'processing' | 'failed' = 'absent';
  generation = 0;
  #openJob: 'none' | 'queued' | 'running' = 'none';

  answerTo(verb: Verb): string {
    switch (verb) {
      case 'start':
        return this.state === 'absent' ? this.#become('uploading') : UNIQUE_VIOLATION;
      case 'finish':
        return this.state === 'uploading' ? this.#queue(this.#become('uploaded')) : 'no_such_video';
      case 'abandon':
        return this.state === 'uploading' ? this.#become('absent') : 'ok';
      case 'remove':
        return this.#become('absent');
      case 'request':
        if (this.state === 'absent') return 'no_such_video';
        if (this.state === 'uploading') return 'upload_not_finished';
        return this.#openJob === 'none' ? this.#queue('ok') : 'process_running';
      case 'startJobs':
        if (this.#openJob !== 'queued') return 'ok';
        this.#openJob = 'running';
        return this.#become('processing');
      case 'fail':
        if (this.#openJob !== 'running') return 'lease_lost';
        this.#openJob = 'none';
        return this.#become('failed');
      default:
        return verb satisfies never;
    }
  }
  #become(state: Model['state']): string {
    this.state = state;
    if (state !== 'absent') return 'ok';
    this.generation = 0;
    this.#openJob = 'none';
    return 'ok';
  }
  #queue(answer: string): string {
    this.#openJob = 'queued';
    // A failed job goes on at its generation.
    this.generation = 1;
    return answer;
  }
}

const UNIQUE_VIOLATION = '23505';

function realVideo(): Record<Verb, () => Promise<unknown>> & { videoId: VideoId } {
  const [videoId, contentId] = [newVideoId(), newContentId()];
  let probe: LentTask | undefined;
  return {
    videoId,
    start: () => world.videos.startUpload({ videoId, filename: 'x.mp4', contentType: 'video/mp4' }),
    finish: () => finish(videoId, contentId),
    abandon: () => world.videos.abandonUpload(videoId),
    request: () => world.videos.requestJob(videoId, BY_HAND),
    remove: () => world.videos.remove(videoId),
    async startJobs() {
      await world.one.startQueuedJobs(10);
      probe = (await world.tryLend('w')) ?? probe;
    },
    async fail() {
      if (!probe) throw new DomainError('lease_lost');
      await world.one.fail(probe, NOT_A_VIDEO, decide);
    },
  };
}

async function started(): Promise<VideoId> {
  const videoId = newVideoId();
  await world.videos.startUpload({ videoId, filename: 'a clip.mp4', contentType: 'video/mp4' });
  return videoId;
}

const finish = (videoId: VideoId, contentId: ContentId) =>
  world.videos.finishUpload({ videoId, contentId, parts: [{ sizeBytes: 1000, sha256: 'ab'.repeat(32) }] });

async function failed(contentId: ContentId): Promise<VideoId> {
  const videoId = await world.uploaded(contentId);
  await world.one.startQueuedJobs(10);
  await world.one.fail(await world.lend(), NOT_A_VIDEO, decide);
  return videoId;
}
