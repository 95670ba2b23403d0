import { createHmac } from 'node:crypto';

/** How Standard Webhooks writes a secret of 24 to 64 bytes: base64 behind a mark. */
export const WEBHOOK_SECRET =
  /^whsec_(?=[A-Za-z0-9+/]{32,86}={0,2}$)(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

type Message = { readonly id: string; readonly timestampSeconds: number; readonly body: string };

/**
 * The three headers of a message by the specification of Standard Webhooks 1.0.0 ("Signature scheme", symmetric). The
 * id must hold no full stop: it stands between others.
 */
export function webhookHeaders({ id, timestampSeconds, body }: Message, secret: string): Record<string, string> {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestampSeconds}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': String(timestampSeconds), 'webhook-signature': `v1,${signature}` };
}
