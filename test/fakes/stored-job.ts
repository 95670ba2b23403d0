import { createHash, randomUUID } from 'node:crypto';
import type { JobId, TaskId, VideoId } from '../../src/domain/ids.ts';
import type { FinishedWork } from '../../src/domain/job-records.ts';
import { initKey, segmentKey } from '../../src/domain/object-keys.ts';
import type { ObjectStore } from '../../src/domain/ports.ts';
import type { LentTask } from '../../src/domain/tasks.ts';
import { finishedJob } from './finished-job.ts';

const INIT = new Uint8Array(800);

export type StoredJob = { readonly work: FinishedWork; readonly task: LentTask };

/** All that a video consists of, put into the store, and the task that publishes it. */
export async function storedJob(store: Pick<ObjectStore, 'put'>, frames = 120): Promise<StoredJob> {
  const videoId = '0123456789abcdef' as VideoId;
  const { plan, results } = finishedJob({ frames });
  const initSha256 = createHash('sha256').update(INIT).digest('hex');
  for (const { rendition, segments } of results) {
    const of = { videoId, generation: 1, rendition };
    await store.put(initKey(of), INIT, { contentType: 'video/mp4' });
    for (const { segment, sizeBytes } of segments)
      await store.put(segmentKey({ ...of, segment }), new Uint8Array(sizeBytes), { contentType: 'video/iso.segment' });
  }
  const spec = { kind: 'publish', source: { videoId, sizeBytes: 1 }, generation: 1 } as const;
  const ids = { taskId: randomUUID() as TaskId, jobId: randomUUID() as JobId, videoId };
  const renditions = results.map((result) => ({ ...result, initSha256 }));
  return { work: { plan, renditions, captions: [] }, task: { ...ids, attempt: 1, token: 1, leaseMs: 10_000, spec } };
}
