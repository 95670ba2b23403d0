import type { TryOutcome } from '../../domain/webhooks.ts';
import { backoffMs } from '../../lib/backoff.ts';
import type { Answer } from './poster.ts';

/** Doubling from five seconds to an hour: 100 tries are about three days, long enough for a weekend. */
const PAUSE = { firstMs: 5_000, maxMs: 3_600_000 };
export const MAX_TRIES = 100;
/** The receiver says that it wants no more of this message (Standard Webhooks, "Delivery success and failure"). */
const GONE = 410;
/** Of an error's text in the delivery log. */
const MAX_TEXT = 200;

/** What follows from one try. 2xx is success; a redirect is a failure like any other answer. */
export function afterTry(tries: number, answer: Answer, random: () => number): TryOutcome {
  const { status, error } = answer;
  if (status !== undefined && status >= 200 && status < 300) return { outcome: 'delivered', status };
  const why = error ? { error: error.message.slice(0, MAX_TEXT) } : { status };
  if (status === GONE || tries >= MAX_TRIES) return { outcome: 'given_up', ...why };
  return { outcome: 'again', waitMs: Math.round(backoffMs(tries, random, PAUSE)), ...why };
}
