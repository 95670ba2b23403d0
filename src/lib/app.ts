import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Registry } from 'prom-client';
import { checkHealth, type HealthOptions } from './health.ts';
import { PROBLEM_TYPE, type Problem, problemOf, RETRY_AFTER_SECONDS } from './http.ts';
import { metersIn } from './meters.ts';
import { answerMalformed } from './refuse-malformed.ts';

export type App = ReturnType<typeof createApp>;

export type AppOptions = {
  readonly health: HealthOptions;
  readonly metrics: Registry;
  /** The largest JSON body; streams are bounded by whoever reads them. */
  readonly bodyLimitBytes: number;
  /** Addresses of proxies whose word on the client's address is taken. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Told of each request that ended in a fault of ours. */
  readonly onFault: (error: unknown, request: { method: string; url: string }) => void;
};

/** Slow clients may take long to send a body, but a connection that sends nothing at all is closed. */
const IDLE_MS = 60_000;

/** A Fastify server with zod schemas, problem details for every error, `/health` and `/metrics`. */
export function createApp({ health, metrics, bodyLimitBytes, trustedProxies = [], onFault }: AppOptions) {
  const proxies = trustedProxies.length > 0 ? { trustProxy: [...trustedProxies] } : {};
  const app = Fastify({
    logger: false,
    bodyLimit: bodyLimitBytes,
    connectionTimeout: IDLE_MS,
    clientErrorHandler: answerMalformed,
    // A path that cannot be decoded, or is too long, comes to no route and to no other handler.
    frameworkErrors: (error, _request, reply: FastifyReply) => sendProblem(reply, refusal(error)),
    ...proxies,
  })
    .setValidatorCompiler(validatorCompiler)
    .setSerializerCompiler(serializerCompiler)
    .withTypeProvider<ZodTypeProvider>();
  answerWithProblems(app, onFault);
  measureRequests(app, metrics);
  app.get('/health', async (_, reply) => {
    const report = await checkHealth(health);
    return reply
      .code(report.status === 'ok' ? 200 : 503)
      .header('cache-control', 'no-store')
      .send(report);
  });
  app.get('/metrics', async (_, reply) => reply.type(metrics.contentType).send(await metrics.metrics()));
  return app;
}

/** From a look-up to an upload, or a worker's claim that waits for a task. */
const SECONDS = [0.005, 0.02, 0.1, 0.5, 2, 10, 60];

/** By route and not by address: there are few routes, and ids have no end. */
function measureRequests(app: FastifyInstance, metrics: Registry): void {
  const seconds = metersIn(metrics).histogram(
    'millrace_http_request_seconds',
    'From the request to the end of its response, by route and status.',
    SECONDS,
    'method',
    'route',
    'status',
  );
  app.addHook('onResponse', async ({ method, routeOptions }, reply) => {
    const labels = { method, route: routeOptions.url ?? 'none', status: reply.statusCode };
    seconds.observe(labels, reply.elapsedTime / 1000);
  });
}

function answerWithProblems(app: FastifyInstance, onFault: AppOptions['onFault']): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const problem = isRefusedByFastify(error) ? refusal(error) : problemOf(error);
    if (problem.status === 500) onFault(error, request);
    if (problem.status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS);
    return sendProblem(reply, problem);
  });
  app.setNotFoundHandler((_, reply) => {
    const problem: Problem = {
      type: '/docs/errors#no_such_page',
      title: 'Nothing is here.',
      status: 404,
      code: 'no_such_page',
    };
    return sendProblem(reply, problem);
  });
}

const sendProblem = (reply: FastifyReply, problem: Problem): FastifyReply =>
  reply.code(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem));

/** Fastify's own word on a malformed request: bad JSON, a body over the limit, a schema that does not fit. */
const isRefusedByFastify = (error: FastifyError): boolean =>
  typeof error.statusCode === 'number' && error.statusCode >= 400 && error.statusCode < 500;

const refusal = (error: FastifyError): Problem => ({
  type: '/docs/errors#bad_request',
  title: 'The request is not understood.',
  status: error.statusCode ?? 400,
  code: 'bad_request',
  detail: error.message,
});
