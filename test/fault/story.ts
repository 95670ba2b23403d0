import { type Chance, seededChance } from './seeded-random.ts';

/** What one seed tells: which videos are uploaded, and what breaks when. Pure: the same seed, the same story. */
export type Story = {
  readonly seed: number;
  readonly videos: readonly { readonly atMs: number; readonly seconds: number }[];
  readonly faults: readonly { readonly atMs: number; readonly fault: Fault }[];
};

export type Fault =
  | { readonly kind: (typeof WORKER_FAULTS)[number]; readonly worker: number; readonly forMs: number }
  | { readonly kind: (typeof ORCHESTRATOR_FAULTS)[number]; readonly orchestrator: number; readonly forMs: number }
  | { readonly kind: 'database_killed'; readonly forMs: number }
  | { readonly kind: 'store_away'; readonly forMs: number }
  | { readonly kind: 'row_edited'; readonly video: number; readonly edit: Edit; readonly chance: number }
  | { readonly kind: 'job_cancelled' | 'job_retried'; readonly video: number };

export const WORKER_FAULTS = ['worker_killed', 'worker_frozen', 'worker_stopped', 'worker_cut'] as const;
export const ORCHESTRATOR_FAULTS = ['orchestrator_killed', 'orchestrator_frozen', 'orchestrator_stopped'] as const;
/** What a person with psql may do to a video under way. */
export const EDITS = [
  'video_state',
  'job_state',
  'task_state',
  'task_deleted',
  'all_tasks_deleted',
  'lease_for_ever',
  'never_due',
  'publish_blocked',
] as const;
export type Edit = (typeof EDITS)[number];

export type World = { readonly workers: number; readonly orchestrators: number };

/** While there is still work for the longest of these videos. */
const FAULTS_WITHIN_MS = 1_800;
const VIDEO_SECONDS = [7, 60, 150, 240, 360];

export function storyOf(seed: number, world: World): Story {
  const chance = seededChance(seed);
  const videos = Array.from({ length: chance.between(1, 3) }, () => ({
    atMs: chance.between(0, 600),
    seconds: chance.pick(VIDEO_SECONDS),
  }));
  const faults = Array.from({ length: chance.between(1, 5) }, () => ({
    atMs: chance.between(0, FAULTS_WITHIN_MS),
    fault: faultOf(chance, { ...world, videos: videos.length }),
  }));
  return { seed, videos, faults };
}

/** Workers break most often, as they do. */
const KINDS = [...WORKER_FAULTS, ...WORKER_FAULTS, ...ORCHESTRATOR_FAULTS] as const;
const RARE_KINDS = ['database_killed', 'store_away', 'row_edited', 'row_edited', 'job_cancelled'] as const;

function faultOf(chance: Chance, { workers, orchestrators, videos }: World & { videos: number }): Fault {
  const kind = chance.pick([...KINDS, ...RARE_KINDS]);
  const forMs = lengthOf(chance);
  const video = chance.between(0, videos - 1);
  switch (kind) {
    case 'database_killed':
    case 'store_away':
      return { kind, forMs: chance.between(100, 1_500) };
    case 'row_edited':
      return { kind, video, edit: chance.pick(EDITS), chance: chance.next() };
    case 'job_cancelled':
      return { kind: chance.pick(['job_cancelled', 'job_retried']), video };
    case 'orchestrator_killed':
    case 'orchestrator_frozen':
    case 'orchestrator_stopped':
      return { kind, orchestrator: chance.between(0, orchestrators - 1), forMs };
    default:
      return { kind, worker: chance.between(0, workers - 1), forMs };
  }
}

/** Shorter than a lease, or longer, so that the holder wakes up as a zombie. */
const lengthOf = (chance: Chance): number =>
  chance.next() < 0.6 ? chance.between(50, 1_500) : chance.between(3_200, 4_200);
