import type { TaskEntry, TaskList } from '../../domain/job-lists.ts';
import { apiCall } from './api-call.ts';
import { parseClientArgs } from './client-args.ts';
import { findJob, SHORT_ID_LENGTH } from './find-job.ts';
import { ageOf, orSayWhy, printJson, widthMost } from './show.ts';
import { table } from './table.ts';

const OPTIONS = {
  state: { type: 'string' },
  limit: { type: 'string', default: '50' },
  json: { type: 'boolean' },
} as const;

/** `millrace tasks [JOB|VIDEO]`: all tasks of a job, or what is open of all jobs, in the order in which it is due. */
export function tasks(args: readonly string[]): Promise<void> {
  const { values, names, server } = parseClientArgs(args, OPTIONS, ([, extra]) =>
    extra === undefined ? undefined : `tasks takes one job or video, not also "${extra}".`,
  );
  const [name] = names;
  return orSayWhy(async () => {
    const query = new URLSearchParams({ limit: String(values.limit) });
    const state = values.state ?? (name === undefined ? 'open' : undefined);
    if (state !== undefined) query.set('state', String(state));
    if (name !== undefined) query.set('jobId', await findJob(server, name));
    const list = (await apiCall(`${server}/tasks?${query}`)) as TaskList;
    if (values.json) return printJson(list);
    if (list.tasks.length === 0) return console.log('There are no such tasks.');
    console.log(taskTable(list.tasks, Date.now(), widthMost()));
    if (list.next !== null) console.log(`There are more: --limit ${Number(values.limit) * 2}`);
  });
}

export function taskTable(entries: readonly TaskEntry[], nowMs: number, width: number): string {
  const columns = [
    { head: 'TASK' },
    { head: 'JOB' },
    { head: 'KIND' },
    { head: 'MAKES', least: 5 },
    { head: 'SECONDS', right: true },
    { head: 'STATE' },
    { head: 'TRY', right: true },
    { head: 'SINCE', right: true },
    { head: 'WORKER', least: 6 },
    { head: 'WHY', least: 6 },
  ] as const;
  const rows = entries.map((task) => [
    task.id.slice(0, SHORT_ID_LENGTH),
    task.jobId.slice(0, SHORT_ID_LENGTH),
    task.kind,
    task.renditions.join(' '),
    task.fromSeconds === null || task.toSeconds === null ? '' : `${tidy(task.fromSeconds)}–${tidy(task.toSeconds)}`,
    task.state,
    task.attempt === 0 ? '' : String(task.attempt),
    ageOf(task.endedAt ?? (task.state === 'leased' ? task.startedAt : null), nowMs),
    task.worker ?? '',
    whyOf(task),
  ]);
  return table(columns, rows, width);
}

const tidy = (seconds: number): string => String(Number(seconds.toFixed(1)));

function whyOf({ state, blocked, pausedReason, notBefore, error }: TaskEntry): string {
  if (state === 'done' || state === 'leased') return '';
  if (blocked) return 'waits: all others';
  if (pausedReason !== null) return `waits: ${pausedReason}`;
  const code = error?.code ?? '';
  return notBefore === null ? code : `${code}, again after ${notBefore.slice(11, 19)}`;
}
