import type { VideoId, WebhookId } from './ids.ts';

/** States that webhooks are told of: those of a video that is there, and its end. */
export const TOLD_STATES = ['uploaded', 'processing', 'ready', 'failed', 'deleted'] as const;
export type ToldState = (typeof TOLD_STATES)[number];

/** The JSON of `GET /webhooks`. The secret is in none of its answers. */
export type WebhookResource = { id: string; url: string; states: ToldState[]; createdAt: string };
export type NewWebhook = { readonly url: string; readonly secret: string; readonly states: readonly ToldState[] };

export const DELIVERY_STATES = ['waiting', 'delivered', 'given_up'] as const;

/** One entry of the delivery log. Times are ISO 8601, UTC. */
export type DeliveryEntry = {
  /** What the receiver sees as `webhook-id`. */
  id: string;
  webhookId: string;
  videoId: string;
  type: string;
  at: string;
  state: (typeof DELIVERY_STATES)[number];
  tries: number;
  /** Null once it has ended. */
  nextTryAt: string | null;
  endedAt: string | null;
  /** What the receiver answered last; null where it did not. */
  lastStatus: number | null;
  lastError: string | null;
};
export type DeliveryList = { deliveries: DeliveryEntry[]; next: string | null };
export type DeliveryQuery = {
  readonly limit: number;
  readonly cursor?: string;
  readonly webhookId?: WebhookId;
  readonly videoId?: VideoId;
};

/** Webhooks and what was sent to them, as the API shows and changes them. */
export interface Webhooks {
  /** @throws DomainError too_many_webhooks */
  create(webhook: NewWebhook): Promise<WebhookResource>;
  list(): Promise<WebhookResource[]>;
  /** With everything that is still to be sent to it. */
  remove(id: WebhookId): Promise<boolean>;
  /** Newest first. @throws DomainError bad_cursor */
  deliveries(query: DeliveryQuery): Promise<DeliveryList>;
}

/** A message that is due, lent to whoever sends it. */
export type LentDelivery = {
  readonly id: string;
  readonly webhookId: WebhookId;
  readonly videoId: VideoId;
  readonly url: string;
  readonly secret: string;
  readonly state: ToldState;
  readonly reason: string | null;
  readonly at: Date;
  /** This one included; the fencing token of the lease. */
  readonly tries: number;
};

export type TryOutcome = { readonly status?: number; readonly error?: string } & (
  | { readonly outcome: 'delivered' | 'given_up' }
  | { readonly outcome: 'again'; readonly waitMs: number }
);

/** The line of messages, as senders work it off. */
export interface DeliveryLine {
  /**
   * Of one video and webhook only the oldest, and one at a time of each webhook.
   * @param from `answering`: only of webhooks that have left no try of what waits without an answer
   */
  claim(leaseMs: number, from?: 'all' | 'answering'): Promise<LentDelivery | undefined>;
  /** False where the lease was lost: then it changes nothing. */
  settle(delivery: LentDelivery, outcome: TryOutcome): Promise<boolean>;
  /**
   * Gives up messages that wait for longer than they may, and of each webhook the oldest of those that are more than may
   * wait; those that are being sent are left alone. A bounded number of them: as long as there are some, there may be more.
   */
  drop(bounds: WaitingBounds): Promise<DroppedDeliveries[]>;
  /** Removes what ended longer ago, and of each webhook the oldest of what ended beyond so many. */
  forget(ended: { readonly forMs: number; readonly most: number }): Promise<number>;
}

/** Of each webhook: what may wait for a receiver that is away. */
export type WaitingBounds = { readonly maxAgeMs: number; readonly maxWaiting: number };

/** Messages to one webhook that will not be sent. */
export type DroppedDeliveries = {
  readonly webhookId: WebhookId;
  readonly reason: 'too_old' | 'too_many';
  readonly messages: number;
};

export const messageType = (state: ToldState): string => `video.${state}`;
export const messageId = (deliveryId: string): string => `msg_${deliveryId}`;

/** Thin: which video and what happened. Whoever wants to know more asks the API, which gives only what the key allows. */
export const messageBody = ({ state, at, videoId, reason }: LentDelivery): string =>
  JSON.stringify({
    type: messageType(state),
    timestamp: at.toISOString(),
    data: { id: videoId, state, reason },
  });
