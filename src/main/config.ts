import { isIP } from 'node:net';
import { z } from 'zod';
import { VIDEO_CODECS } from '../domain/tasks.ts';

/**
 * Settings come from the environment and are parsed once. A wrong one stops the start, with its name.
 * docs/operating.md lists them.
 */
const port = z.coerce.number().int().min(0).max(65_535);
const bytes = z.coerce.number().int().positive();

/** `10.0.0.7`, `10.0.0.0/8`, `fd00::/8`. */
function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}

const settings = z.strictObject({
  MILLRACE_HOST: z.string().min(1).default('127.0.0.1'),
  MILLRACE_PORT: port.optional(),
  MILLRACE_DATA: z.string().min(1).default('./data'),
  MILLRACE_DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must start with postgres://')
    .optional(),
  MILLRACE_STORE: z
    .string()
    .regex(/^(file:|s3:\/\/)/, 'must start with file: or s3://')
    .optional(),
  MILLRACE_STORE_ACCESS_KEY: z.string().min(1).optional(),
  MILLRACE_STORE_SECRET_KEY: z.string().min(1).optional(),
  MILLRACE_SECRET: z.string().min(16, 'must have at least 16 characters').optional(),
  MILLRACE_WORKER_TOKEN: z.string().min(16, 'must have at least 16 characters').optional(),
  /** Whoever sends one of them may use the whole API, like an admin's key of `millrace keys`. */
  MILLRACE_API_KEYS: z
    .string()
    .transform((text) => text.split(',').map((key) => key.trim()))
    .pipe(z.array(z.string().regex(/^[\x21-\x7e]{16,}$/, 'must be keys of at least 16 letters, digits or signs')))
    .optional(),
  /** What commands of this machine send; the other end is told by --url. */
  MILLRACE_API_KEY: z.string().min(1).optional(),
  MILLRACE_WORKERS: z.coerce.number().int().min(0).max(64).default(2),
  MILLRACE_EDGES: z.string().default('2'),
  /** One or more, separated by commas: a worker uses the next one when one fails. */
  MILLRACE_ORCHESTRATOR_URL: z
    .string()
    .default('http://127.0.0.1:8081')
    .transform((text) => text.split(',').map((url) => url.trim()))
    .pipe(z.array(z.url({ protocol: /^https?$/ }))),
  /** What one worker may use; tasks that need more go to others. Unset: what the machine has. */
  MILLRACE_WORKER_MEMORY_MIB: z.coerce.number().int().min(64).optional(),
  /** Pages of these origins only may play videos; unset, all. */
  MILLRACE_PLAYBACK_ORIGINS: z
    .string()
    .transform((text) => text.split(',').map((origin) => origin.trim()))
    .pipe(z.array(z.string().regex(/^https?:\/\/[\w.-]+(:\d+)?$/, 'must be origins such as https://example.org')))
    .optional(),
  /** Of a router: where players reach edges by themselves, edge-1=https://e1.example,…; unset, all bytes pass through it. */
  MILLRACE_EDGE_PUBLIC_URLS: z.string().optional(),
  MILLRACE_NODE: z.string().min(1).max(100).optional(),
  MILLRACE_EDGE_CACHE_BYTES: bytes.default(256 * 1024 * 1024),
  /** Beneath the memory, in <data>/cache; 0 for none. */
  MILLRACE_EDGE_DISK_BYTES: z.coerce
    .number()
    .int()
    .min(0)
    .default(2 * 1024 ** 3),
  MILLRACE_MAX_UPLOAD_BYTES: bytes.default(1024 ** 4),
  /** An upload without another byte is kept this long. */
  MILLRACE_UPLOAD_EXPIRY_SECONDS: z.coerce.number().int().min(1).max(31_536_000).default(86_400),
  /** Bodies that one upload-api receives at once. */
  MILLRACE_MAX_TRANSFERS: z.coerce.number().int().min(1).max(10_000).default(64),
  /** Part buffers of all uploads of one upload-api together. */
  MILLRACE_UPLOAD_MEMORY_BYTES: bytes.default(32 * 1024 * 1024),
  /** A sender that is silent for this long has left. */
  MILLRACE_UPLOAD_IDLE_SECONDS: z.coerce.number().int().min(1).max(3_600).default(30),
  /** Fetching by URL also from this machine and its network. */
  MILLRACE_INGEST_PRIVATE: z.stringbool().default(false),
  /** Proxies, by address or network, whose X-Forwarded-For says who asks. */
  MILLRACE_TRUSTED_PROXIES: z
    .string()
    .transform((text) => text.split(',').map((address) => address.trim()))
    .pipe(z.array(z.string().refine(isNetwork, 'must be addresses or networks such as 10.0.0.0/8')))
    .optional(),
  /** Requests a second of one address, to the API and the pages. */
  MILLRACE_RATE_LIMIT: z.coerce.number().int().min(1).max(1_000_000).default(100),
  /** Webhooks also on this machine and its network, and without TLS. */
  MILLRACE_WEBHOOK_PRIVATE: z.stringbool().default(false),
  /** Messages of one webhook that wait, or stand in the log of deliveries; of more, the oldest are dropped. */
  MILLRACE_WEBHOOK_MAX_WAITING: z.coerce.number().int().min(1).max(1_000_000).default(10_000),
  /** A message that nobody took by then is dropped. */
  MILLRACE_WEBHOOK_MAX_AGE_SECONDS: z.coerce.number().int().min(60).max(31_536_000).default(604_800),
  /** Sources that one upload-api fetches at once. */
  MILLRACE_MAX_INGESTS: z.coerce.number().int().min(0).max(1_000).default(4),
  /** A source that is not here by then is given up. */
  MILLRACE_INGEST_DEADLINE_SECONDS: z.coerce.number().int().min(1).max(2_592_000).default(86_400),
  MILLRACE_LEASE_SECONDS: z.coerce.number().int().min(2).max(3_600).default(15),
  /** How often an orchestrator looks for what no live task stands behind. */
  MILLRACE_RECONCILE_SECONDS: z.coerce.number().int().min(1).max(3_600).default(20),
  /** Fitted to each video after a trial, or the same table for all. */
  MILLRACE_LADDER: z.enum(['per-title', 'standard']).default('per-title'),
  /** H.264 is always made; newer codecs take several times the work. */
  MILLRACE_CODECS: z
    .string()
    .default('h264')
    .transform((text) => text.split(',').map((codec) => codec.trim()))
    .pipe(z.array(z.enum(VIDEO_CODECS)))
    .refine((codecs) => codecs.includes('h264'), 'must name h264, which every player decodes'),
  MILLRACE_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

export type Config = Readonly<z.infer<typeof settings>>;

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** @throws ConfigError that names every wrong setting. */
export function parseConfig(environment: NodeJS.ProcessEnv): Config {
  const ours = Object.entries(environment).filter(([name, value]) => SETTING.test(name) && value !== '');
  const parsed = settings.safeParse(Object.fromEntries(ours));
  if (!parsed.success) throw new ConfigError(parsed.error.issues.map(line).join('\n'));
  return Object.freeze(parsed.data);
}

/** Tests have settings of their own, which a started instance may well find in its environment. */
const SETTING = /^MILLRACE_(?!TEST_)/;

function line(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((name) => `${name}: there is no such setting`).join('\n');
  return `${String(issue.path[0])}: ${issue.message}`;
}
