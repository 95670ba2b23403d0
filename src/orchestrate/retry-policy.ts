import type { AfterFailure } from '../domain/job-records.ts';

/** Five tries: enough to get past a restart or a bad node, few enough to tell a person the same evening. */
export const MAX_ATTEMPTS = 5;

/** @param failures attempts of the task that ended in failure or silence, this one included. */
export const afterFailure = (failures: number): AfterFailure => (failures >= MAX_ATTEMPTS ? 'dead' : 'retry');
