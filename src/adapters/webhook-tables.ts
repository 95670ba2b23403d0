import type { Generated } from 'kysely';
import type { VideoId, WebhookId } from '../domain/ids.ts';
import type { ToldState } from '../domain/webhooks.ts';

/** Rows of webhooks as PostgreSQL gives them. */
export type WebhookTables = {
  webhooks: {
    id: Generated<WebhookId>;
    url: string;
    secret: string;
    states: ToldState[];
    created_at: Generated<Date>;
  };
  webhook_deliveries: {
    position: Generated<number>;
    id: Generated<string>;
    webhook_id: WebhookId;
    video_id: VideoId;
    state: ToldState;
    reason: string | null;
    at: Date;
    tries: Generated<number>;
    due_at: Generated<Date>;
    lease_until: Date | null;
    outcome: 'delivered' | 'given_up' | null;
    ended_at: Date | null;
    last_status: number | null;
    last_error: string | null;
  };
};
