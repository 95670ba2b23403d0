import type { z } from 'zod';

/** Beside a health check's own deadline this is short: a page waits for the slowest of all that are asked. */
const ANSWER_DEADLINE_MS = 1_000;

/** What a process of ours answers, whatever its status; undefined where it does not answer, or with something else. */
export async function askJson<Answer>(url: string, schema: z.ZodType<Answer>): Promise<Answer | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_DEADLINE_MS) });
    return schema.safeParse(await response.json()).data;
  } catch {
    // That it is silent is the answer.
    return undefined;
  }
}
