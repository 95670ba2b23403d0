import type { KeyScope } from '../domain/api-keys.ts';

/** What a viewer with the address of a video needs, and what probes ask for. Ids cannot be guessed; of private videos: show-video.ts. */
const OPEN_TO_READ = new Set(['/health', '/metrics', '/watch/:id', '/embed/:id', '/videos/:id', '/videos/:id/events']);
/** The built pages; they hold no data. */
const ASSETS = '/assets/';
/** Messages go where a webhook says, with what it is told: a matter of whoever runs the platform. */
const WEBHOOKS = /^\/webhooks(\/|$)/;
/** Whoever may read gets addresses of private videos that play anyway. */
const TOKENS = '/videos/:id/tokens';

/**
 * How far a key must reach for a route; undefined where everybody may ask. Looking takes `read`, changing `write`.
 * docs/security.md lists what comes of it.
 * @param route as it was registered, `/videos/:id`; empty where there is none
 */
export function scopeOf(method: string, route: string): KeyScope | undefined {
  // A preflight never carries a key, and changes nothing.
  if (method === 'OPTIONS') return undefined;
  const isLook = method === 'GET' || method === 'HEAD';
  if (isLook && (OPEN_TO_READ.has(route) || route.startsWith(ASSETS))) return undefined;
  if (WEBHOOKS.test(route)) return 'admin';
  return isLook || route === TOKENS ? 'read' : 'write';
}
