import { isJobId, isVideoId } from '../../domain/ids.ts';
import type { JobList } from '../../domain/job-lists.ts';
import type { VideoResource } from '../../domain/video-resource.ts';
import { apiCall, CallFailed } from './api-call.ts';

/** As tables show the id of a job or a task: nobody has two that begin alike and are looked at together. */
export const SHORT_ID_LENGTH = 8;
/** The beginning of an id, no shorter than tables show it. */
export const SHORT_ID = /^[0-9a-f]{8}[0-9a-f-]*$/;
/** Older jobs are named by their whole id. */
const SEARCHED_JOBS = 1_000;

/** The job that is meant by its id, by the beginning of it, or by the video of which it is the latest. */
export async function findJob(server: string, name: string): Promise<string> {
  if (isJobId(name)) return name;
  if (isVideoId(name)) {
    const { job } = (await apiCall(`${server}/videos/${name}`)) as VideoResource;
    if (job) return job.id;
    throw new CallFailed(`video ${name} has no job yet`);
  }
  if (!SHORT_ID.test(name)) throw new CallFailed(`${name} is neither a job nor a video`);
  const { jobs } = (await apiCall(`${server}/jobs?limit=${SEARCHED_JOBS}`)) as JobList;
  const [job, second] = jobs.filter(({ id }) => id.startsWith(name));
  if (!job) throw new CallFailed(`no job of the last ${SEARCHED_JOBS} begins with ${name}`);
  if (second) throw new CallFailed(`more than one job begins with ${name}`);
  return job.id;
}
