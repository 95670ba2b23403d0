import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { DomainError, ERROR_CODES } from '../domain/errors.ts';
import type { App } from '../lib/app.ts';
import { problemOf } from '../lib/http.ts';
import { SECURITY_SCHEMES, withScopes } from './open-api-scopes.ts';
import { plainPaths } from './plain-paths.ts';
import { tusPaths } from './tus/tus-paths.ts';

/** What the API says of itself: `/openapi.json`, a page to browse it at `/docs/api`, and the codes at `/docs/errors`. */
export async function addReference(app: App, version: string): Promise<void> {
  await app.register(fastifySwagger, {
    // 3.1, whose schemas are JSON Schema: validators take them as they are.
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Millrace', version },
      components: { securitySchemes: SECURITY_SCHEMES },
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => {
      if (!('openapiObject' in document)) throw new Error('the document is not OpenAPI 3');
      const { openapiObject } = document;
      return { ...openapiObject, paths: withScopes({ ...openapiObject.paths, ...tusPaths(), ...plainPaths() }) };
    },
  });
  await app.register(fastifySwaggerUi, {
    routePrefix: '/docs/api',
    // Its page has one style sheet inline; all else comes from its files.
    staticCSP: REFERENCE_POLICY,
    theme: { title: 'Millrace API' },
    uiConfig: { deepLinking: true },
  });
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  app.get('/docs/errors', { schema: { hide: true } }, async (_, reply) =>
    reply.header('content-security-policy', ERRORS_POLICY).type('text/html; charset=utf-8').send(errorsPage()),
  );
}

const REFERENCE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; " +
  "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";
const ERRORS_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

/** Where the `type` of a problem leads. The texts are ours and hold no markup. */
function errorsPage(): string {
  const rows = ERROR_CODES.map((code) => {
    const { status, title } = problemOf(new DomainError(code));
    return `<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${title}</td></tr>`;
  });
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Millrace: errors</title>
<style>body{font:16px/1.5 system-ui;margin:2rem auto;max-width:60rem;padding:0 1rem}td{padding:.2rem 1rem .2rem 0}
tr:target{background:#fe8}</style><h1>Errors</h1><p>The <code>code</code> of a problem, its status, and what it means.</p>
<table>${rows.join('\n')}</table></html>`;
}
