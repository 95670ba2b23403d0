import type { LogEvent } from '../../domain/log-events.ts';
import type { Clock } from '../../domain/ports.ts';
import {
  type DeliveryLine,
  type LentDelivery,
  messageBody,
  messageId,
  type WaitingBounds,
} from '../../domain/webhooks.ts';
import { Bell } from '../../lib/bell.ts';
import type { Log } from '../../lib/log.ts';
import { repeat } from '../../lib/repeat.ts';
import { webhookHeaders } from '../../lib/sign-webhook.ts';
import { afterTry } from './after-try.ts';
import { type PostDeps, Poster } from './poster.ts';

export type SendDeps = PostDeps & {
  readonly line: DeliveryLine;
  /** For receivers that are away. */
  readonly bounds: WaitingBounds;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log<LogEvent>;
  /** Rings when there may be a message. */
  readonly bell: Bell;
};

/** Longer than a try can take: who does not come back by then is dead, and another one sends the message again. */
const LEASE_MS = 30_000;
/**
 * Messages on their way at once from this process. Each webhook has one at a time. One sender is for receivers that
 * answer: as many as hang may keep all the others, each for as long as an answer is waited for.
 */
const SENDERS = ['all', 'all', 'all', 'answering'] as const;
/** A bell may be missed, and pauses end without one. */
const LOOK_MS = 2_000;
const KEPT_MS = 7 * 24 * 3_600_000;
const FORGET_EVERY_MS = 60_000;

/** Tells webhooks what is due, until the signal aborts. A round that fails is logged, and the next one comes. */
export async function sendWebhooks(deps: SendDeps, signal: AbortSignal): Promise<void> {
  const { bell, log } = deps;
  await using poster = new Poster(deps);
  const onError = (err: unknown): void => log.error('queue_error', { err });
  const send = (from: (typeof SENDERS)[number]): Promise<void> =>
    repeat(() => sendNext(deps, { poster, from }, signal), { everyMs: LOOK_MS, bell, signal, onError });
  await Promise.all([
    ...SENDERS.map(send),
    repeat(() => tidyUp(deps), { everyMs: FORGET_EVERY_MS, bell: new Bell(), signal, onError }),
  ]);
}

/** What nobody will take, and what nobody will ask for any more. @returns whether there was some. */
export async function tidyUp({ line, bounds, log }: Pick<SendDeps, 'line' | 'bounds' | 'log'>): Promise<boolean> {
  const dropped = await line.drop(bounds);
  for (const messages of dropped) log.warn('webhook_dropped', messages);
  const forgotten = await line.forget({ forMs: KEPT_MS, most: bounds.maxWaiting });
  return dropped.length + forgotten > 0;
}

/** One message, once. @returns whether there was one. */
export async function sendNext(
  { line, clock, random, log }: SendDeps,
  { poster, from }: { readonly poster: Poster; readonly from?: 'all' | 'answering' },
  signal: AbortSignal,
): Promise<boolean> {
  const delivery = await line.claim(LEASE_MS, from);
  if (!delivery) return false;
  const startedMs = clock.nowMs();
  const answer = await poster.post(delivery.url, messageOf(delivery, startedMs), signal);
  const outcome = afterTry(delivery.tries, answer, random);
  if (!(await line.settle(delivery, outcome))) return true;
  const { webhookId, videoId, state: to, tries } = delivery;
  const said = { webhookId, videoId, deliveryId: messageId(delivery.id), to, tries };
  const why = answer.status === undefined ? { err: answer.error } : { status: answer.status };
  if (outcome.outcome === 'again') log.warn('webhook_failed', { ...said, waitMs: outcome.waitMs, ...why });
  else if (outcome.outcome === 'given_up') log.error('webhook_given_up', { ...said, ...why });
  else log.info('webhook_delivered', { ...said, durationMs: clock.nowMs() - startedMs });
  return true;
}

function messageOf(delivery: LentDelivery, nowMs: number) {
  const body = messageBody(delivery);
  const message = { id: messageId(delivery.id), timestampSeconds: Math.floor(nowMs / 1000), body };
  return { body, headers: webhookHeaders(message, delivery.secret) };
}
