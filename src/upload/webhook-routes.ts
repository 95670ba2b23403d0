import { z } from 'zod';
import { DomainError } from '../domain/errors.ts';
import { isVideoId, isWebhookId, type VideoId, type WebhookId } from '../domain/ids.ts';
import type { LogEvent } from '../domain/log-events.ts';
import { DELIVERY_STATES, TOLD_STATES, type Webhooks } from '../domain/webhooks.ts';
import type { App } from '../lib/app.ts';
import { literalAddress } from '../lib/guarded-lookup.ts';
import type { Log } from '../lib/log.ts';
import { isPublicAddress } from '../lib/public-address.ts';
import { WEBHOOK_SECRET } from '../lib/sign-webhook.ts';
import { idParams, problems } from './schemas.ts';
import { setOnly } from './set-only.ts';

export type WebhookRoutesDeps = {
  readonly webhooks: Webhooks;
  /** Webhooks may also be on this machine and its network, and without TLS. */
  readonly allowPrivateWebhooks: boolean;
  readonly log: Log<LogEvent>;
};

const webhookSchema = z.object({
  id: z.string(),
  url: z.string(),
  states: z.array(z.enum(TOLD_STATES)),
  createdAt: z.string(),
});

const webhookBody = z.object({
  url: z.string().max(2_048).describe('https, reachable on the public internet'),
  secret: z
    .string()
    .regex(WEBHOOK_SECRET)
    .describe('whsec_ and the base64 of 24 to 64 random bytes. It is not answered again.'),
  states: z
    .array(z.enum(TOLD_STATES))
    .min(1)
    .max(TOLD_STATES.length)
    .default([...TOLD_STATES]),
});

const deliverySchema = z.object({
  id: z.string().describe('The webhook-id that the receiver sees'),
  webhookId: z.string(),
  videoId: z.string(),
  type: z.string(),
  at: z.string(),
  state: z.enum(DELIVERY_STATES),
  tries: z.number(),
  nextTryAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  lastStatus: z.number().nullable(),
  lastError: z.string().nullable(),
});

const deliveryQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z.string().max(100).optional().describe('`next` of the page before'),
  webhookId: z.custom<WebhookId>((text) => typeof text === 'string' && isWebhookId(text)).optional(),
  videoId: z.custom<VideoId>((text) => typeof text === 'string' && isVideoId(text)).optional(),
});

/** Who is told of the states of videos, and what was sent to them. */
export async function addWebhookRoutes(api: App, deps: WebhookRoutesDeps): Promise<void> {
  const { webhooks, log } = deps;
  api.post(
    '/webhooks',
    {
      schema: {
        summary: 'From now on, tell this URL of the states that videos enter',
        body: webhookBody,
        response: { 201: webhookSchema, ...problems },
      },
    },
    async (request, reply) => {
      const url = parseReceiver(request.body.url, deps.allowPrivateWebhooks);
      const webhook = await webhooks.create({ ...request.body, url: url.href });
      log.info('webhook_created', { webhookId: webhook.id, host: url.host });
      return reply.code(201).send(webhook);
    },
  );
  const list = z.object({ webhooks: z.array(webhookSchema) });
  api.get(
    '/webhooks',
    { schema: { summary: 'List, oldest first', response: { 200: list, '5xx': problems['5xx'] } } },
    async () => ({ webhooks: await webhooks.list() }),
  );
  api.delete(
    '/webhooks/:id',
    {
      schema: {
        params: idParams,
        summary: 'Tell it nothing more',
        response: { 204: z.null().describe('Gone, with what was still to be sent to it'), ...problems },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      if (!isWebhookId(id) || !(await webhooks.remove(id))) throw new DomainError('no_such_webhook');
      log.info('webhook_removed', { webhookId: id });
      return reply.code(204).send(null);
    },
  );
  const deliveryList = z.object({ deliveries: z.array(deliverySchema), next: z.string().nullable() });
  api.get(
    '/webhooks/deliveries',
    {
      schema: {
        summary: 'What was sent, and what is to be sent, newest first; kept for a week',
        querystring: deliveryQuery,
        response: { 200: deliveryList, ...problems },
      },
    },
    async ({ query }) => webhooks.deliveries(setOnly(query)),
  );
}

/**
 * What can be told of the URL by looking at it; where its name leads is looked at with each connection.
 * @throws DomainError url_refused
 */
function parseReceiver(text: string, allowPrivate: boolean): URL {
  const url = URL.parse(text);
  if (!url) throw new DomainError('url_refused', 'This is not a URL.');
  if (url.protocol !== 'https:' && !(allowPrivate && url.protocol === 'http:'))
    throw new DomainError('url_refused', 'Webhooks are told over https only.');
  if (url.username !== '' || url.password !== '' || url.hash !== '')
    throw new DomainError('url_refused', 'A URL with a name, a password or a fragment is not told anything.');
  const literal = literalAddress(url);
  if (literal !== undefined && !allowPrivate && !isPublicAddress(literal))
    throw new DomainError('url_refused', `${literal} is not an address on the public internet.`);
  return url;
}
