import type { PublishedWork } from '../domain/download.ts';
import { answered } from './database-outage.ts';
import { createGrowthRecords } from './growing-jobs.ts';
import { finishedWork } from './job-records.ts';
import type { Database } from './postgres.ts';

/** What is published, as the rows of its job tell. */
export function createPublishedWork(db: Database): PublishedWork {
  const growth = createGrowthRecords(db);
  return {
    find: (videoId) =>
      answered(async () => {
        const published = await growth.publishedJob(videoId);
        if (!published) return undefined;
        return { generation: published.generation, ...(await finishedWork(db, published.jobId)) };
      }),
  };
}
