import { z } from 'zod';
import { healthSchema } from './schemas.ts';

/** What every role answers, for the OpenAPI document: these routes are older than the document's plugin. */
export const plainPaths = () => ({
  '/health': {
    get: {
      summary: 'Whether this role can do its work',
      responses: {
        200: { description: 'It can', content: json(healthSchema) },
        503: { description: 'It cannot', content: json(healthSchema) },
      },
    },
  },
  '/metrics': {
    get: {
      summary: 'Metrics for Prometheus',
      responses: { 200: { description: 'Text', content: { 'text/plain': { schema: { type: 'string' as const } } } } },
    },
  },
});

const json = (schema: z.ZodType) => ({ 'application/json': { schema: z.toJSONSchema(schema) as object } });
