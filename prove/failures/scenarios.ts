import { allKilled } from './all-killed.ts';
import { databaseRestarted, orchestratorKilled } from './control-lost.ts';
import { edgeKilled, edgeSilent } from './edge-lost.ts';
import type { Scenario } from './scenario.ts';
import { diskFull, storeAway } from './store-lost.ts';
import { uploadKilled } from './upload-killed.ts';
import { workerHung, workerKilled } from './worker-lost.ts';

/** In the order of the story: who works, who plays, who decides, what is kept, and all of it. */
export const SCENARIOS: readonly Scenario[] = [
  workerKilled,
  workerHung,
  edgeKilled,
  edgeSilent,
  orchestratorKilled,
  databaseRestarted,
  storeAway,
  uploadKilled,
  diskFull,
  allKilled,
];
