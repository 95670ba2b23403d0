import type { JobRecords } from '../domain/job-records.ts';
import type { LogEvent } from '../domain/log-events.ts';
import type { Bell } from '../lib/bell.ts';
import type { Log } from '../lib/log.ts';

export type ReconcileDeps = {
  readonly records: Pick<JobRecords, 'reconcile'>;
  readonly bells: { readonly work: Bell; readonly own: Bell };
  readonly log: Log<LogEvent>;
};

/** Puts right what no transition explains, and tells what it was. */
export async function reconcile({ records, bells, log }: ReconcileDeps): Promise<boolean> {
  const repairs = await records.reconcile();
  for (const repair of repairs) log.warn('reconciled', repair);
  if (repairs.length === 0) return false;
  bells.own.ring();
  bells.work.ring();
  return false;
}
