import type { JobEntry, JobList } from '../../domain/job-lists.ts';
import { apiCall } from './api-call.ts';
import { parseClientArgs } from './client-args.ts';
import { SHORT_ID_LENGTH } from './find-job.ts';
import { ageOf, orSayWhy, printJson, widthMost } from './show.ts';
import { table } from './table.ts';

const OPTIONS = {
  state: { type: 'string' },
  limit: { type: 'string', default: '20' },
  json: { type: 'boolean' },
} as const;

/** `millrace jobs [--state failed] [--limit 20]`: the newest jobs, a line each. */
export function jobs(args: readonly string[]): Promise<void> {
  const { values, server } = parseClientArgs(args, OPTIONS, ([extra]) =>
    extra === undefined ? undefined : `jobs does not know "${extra}".`,
  );
  return orSayWhy(async () => {
    const query = new URLSearchParams({ limit: String(values.limit) });
    if (values.state !== undefined) query.set('state', String(values.state));
    const list = (await apiCall(`${server}/jobs?${query}`)) as JobList;
    if (values.json) return printJson(list);
    if (list.jobs.length === 0) return console.log('There are no such jobs.');
    console.log(jobTable(list.jobs, Date.now(), widthMost()));
    if (list.next !== null) console.log(`Older ones: --limit ${Number(values.limit) * 2}`);
  });
}

export function jobTable(entries: readonly JobEntry[], nowMs: number, width: number): string {
  const columns = [
    { head: 'JOB' },
    { head: 'VIDEO' },
    { head: 'STATE' },
    { head: 'TASKS', right: true },
    { head: 'DONE', right: true },
    { head: 'AGE', right: true },
    { head: 'WHY', least: 8 },
    { head: 'TITLE', least: 8 },
  ] as const;
  const rows = entries.map((job) => {
    const all = Object.values(job.tasks).reduce((sum, count) => sum + count, 0);
    return [
      job.id.slice(0, SHORT_ID_LENGTH),
      job.videoId,
      job.state,
      `${job.tasks.done}/${all}`,
      `${Math.floor(job.progress * 100)}%`,
      ageOf(job.createdAt, nowMs),
      job.error?.code ?? (job.pausedReason === null ? '' : `waits: ${job.pausedReason}`),
      job.title,
    ];
  });
  return table(columns, rows, width);
}
