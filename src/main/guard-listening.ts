import { type Config, ConfigError } from './config.ts';

/**
 * Without API keys nobody but this machine may talk to the API. Of the roles that have it only: the orchestrator asks for
 * the workers' token, edges and router for signed sessions, and a worker only tells how it is.
 * @param hasKeys whether the database has, or had, any
 * @throws ConfigError
 */
export async function assertGuarded(
  { MILLRACE_HOST: host, MILLRACE_API_KEYS: keys }: Config,
  hasKeys: () => Promise<boolean>,
): Promise<void> {
  if (keys !== undefined || /^(127\.\d+\.\d+\.\d+|::1|localhost)$/.test(host) || (await hasKeys())) return;
  throw new ConfigError(
    `MILLRACE_HOST: ${host} is not a loopback address, so API keys must protect it (millrace keys create, or MILLRACE_API_KEYS)`,
  );
}
