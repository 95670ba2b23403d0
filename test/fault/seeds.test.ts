import { type TestContext, test } from 'node:test';
import { judge } from './judge.ts';
import { playStory } from './play-story.ts';
import { Stack } from './stack.ts';
import { type Story, storyOf } from './story.ts';

/**
 * Seeded runs on the real thing. One of them again: MILLRACE_TEST_FAULT_SEED=17 node --test test/fault/seeds.test.ts
 * More of them: MILLRACE_TEST_FAULT_SEEDS=200.
 */
const SEEDS = Number(process.env.MILLRACE_TEST_FAULT_SEEDS ?? 60);
const ONLY = process.env.MILLRACE_TEST_FAULT_SEED;
/** Stacks at once: most of a story is waiting. */
const STACKS = Number(process.env.MILLRACE_TEST_FAULT_STACKS ?? 3);
const WORLD = { workers: 3, orchestrators: 2 };

const seeds = ONLY ? [Number(ONLY)] : Array.from({ length: SEEDS }, (_, i) => i + 1);

test('whatever breaks, every video is ready or failed for a true reason', { concurrency: STACKS + 1 }, async (t) => {
  await Promise.all(Array.from({ length: Math.min(STACKS, seeds.length) }, () => lane(t)));
});

/** One story after the other on the same stack, as long as it is sound. */
async function lane(t: TestContext): Promise<void> {
  while (seeds.length > 0) {
    await using stack = await Stack.start({ ...WORLD, encoder: 'fake' });
    while (await next(t, stack));
  }
}

/** False when there is none left, or when the stack is not to be trusted any more. */
async function next(t: TestContext, stack: Stack): Promise<boolean> {
  const seed = seeds.shift();
  if (seed === undefined) return false;
  let isSound = false;
  await t.test(`seed ${seed}`, async () => {
    await run(storyOf(seed, WORLD), stack);
    isSound = true;
  });
  return isSound;
}

async function run(story: Story, stack: Stack): Promise<void> {
  try {
    await judge(await playStory(story, stack), stack);
  } catch (cause) {
    throw new Error(`${(cause as Error).message}\nafter ${JSON.stringify(story)}`, { cause });
  }
}
