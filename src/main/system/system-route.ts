import type { App } from '../../lib/app.ts';
import { Coalescer } from '../../lib/coalesce.ts';
import { problems } from '../../upload/schemas.ts';
import { lookAtSystem, type SystemDeps } from './look-at-system.ts';
import { type System, systemSchema } from './system-schema.ts';

/** `GET /system`. However many ask at once, everybody else is asked once. */
export async function addSystemRoute(api: App, deps: SystemDeps): Promise<void> {
  const looks = new Coalescer<System>();
  api.get(
    '/system',
    {
      schema: {
        summary: 'Processes and their health, edges, workers, what waits, and what failed lately',
        response: { 200: systemSchema, ...problems },
      },
    },
    async (_, reply) => {
      reply.header('cache-control', 'no-store');
      return looks.run('system', () => lookAtSystem(deps)).value;
    },
  );
}
