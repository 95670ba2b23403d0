#!/usr/bin/env node
import { type Config, ConfigError, parseConfig } from './config.ts';
import { type RoleContext, type RunningRole, runRole } from './role.ts';

const HELP = `millrace <command>

  up             run every role on this machine; stops with Ctrl-C or "millrace stop"
  stop           end the instance of this data folder (MILLRACE_DATA, ./data)

  doctor         look at what Millrace needs here (ffmpeg, store, database, clock, disk, port); --json

  backup FILE    the rows of the database, also while everything runs
  restore FILE   into an empty database; what the object store knows better is taken from there
  rebuild        make the database again from the object store alone; --dry-run, --into-existing
  gc             count objects that no row stands behind; --older-than HOURS (24), --delete

  keys create    make an API key and print it: --name N --scope read|write|admin, --expires-days D
  keys list      what there is, without the keys themselves; --json
  keys revoke ID it works no longer, within seconds

  upload FILE…   send files, going on where an earlier run stopped; --url http://localhost:8080
  hash FILE…     print the content id that the server gives to a file
  verify VIDEO   read all that players can read of a video, and say what is wrong with it; --json, --url

  jobs           the newest jobs; --state failed, --limit 20
  tasks [JOB]    all tasks of a job, or the open ones of all jobs; --state, --limit 50
  workers        who is connected, and what they work on
  cancel JOB     end a job; its video keeps what was published before
  retry JOB      go on with a failed or cancelled job; what is done stays done
                 all five: --json, --url; JOB is a job, the beginning of its id, or a video

  explain ID     what happened to a session or a video, from the logs alone: of this instance, or of the files and
                 folders named after it; - reads them from standard input; --json

  edge drain E   let sessions move away from an edge, by name or address, before it is ended
  edge undrain E take that back

  upload-api     one role of its own, configured by MILLRACE_… settings
  orchestrator
  worker
  edge
  router
  public         upload-api and router on one port
`;

type Start = (config: Config, context: RoleContext) => Promise<RunningRole>;

/** Each role loads only what it is made of, so that it starts fast. */
const ROLES: Readonly<Record<string, () => Promise<Start>>> = {
  'upload-api': async () => (await import('./roles/public.ts')).startUploadApi,
  orchestrator: async () => (await import('./roles/orchestrator.ts')).startOrchestrator,
  worker: async () => (await import('./roles/worker.ts')).startWorker,
  edge: async () => (await import('./roles/edge.ts')).startEdge,
  router: async () => (await import('./roles/router.ts')).startRouter,
  public: async () => (await import('./roles/public.ts')).startPublic,
};

const COMMANDS: Readonly<Record<string, (config: Config, args: readonly string[]) => Promise<void>>> = {
  up: async (config) => (await import('./up.ts')).up(config),
  stop: async (config) => (await import('./stop.ts')).stop(config),
  doctor: async (config, args) => (await import('./commands/doctor.ts')).doctor(args, config),
  explain: async (config, args) => (await import('./commands/explain.ts')).explain(args, config),
  gc: async (config, args) => (await import('./commands/gc.ts')).gc(args, config),
  backup: async (config, args) => (await import('./commands/backup.ts')).backup(args, config),
  restore: async (config, args) => (await import('./commands/backup.ts')).restore(args, config),
  rebuild: async (config, args) => (await import('./commands/rebuild.ts')).rebuild(args, config),
  keys: async (config, args) => (await import('./commands/keys.ts')).keys(args, config),
  help: async () => console.log(HELP),
};

/** Commands of which the first word is a role's name. */
const ROLE_COMMANDS: Readonly<Record<string, (args: readonly string[], config: Config) => Promise<void>>> = {
  edge: async (args, config) => (await import('./commands/edge.ts')).edge(args, config),
};

/** Clients of an instance that may be elsewhere: they need no settings. */
const CLIENTS: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  upload: async (args) => (await import('./commands/upload.ts')).upload(args),
  hash: async (args) => (await import('./commands/hash.ts')).hash(args),
  verify: async (args) => (await import('./commands/verify.ts')).verify(args),
  jobs: async (args) => (await import('./commands/jobs.ts')).jobs(args),
  tasks: async (args) => (await import('./commands/tasks.ts')).tasks(args),
  workers: async (args) => (await import('./commands/workers.ts')).workers(args),
  cancel: async (args) => (await import('./commands/control.ts')).cancel(args),
  retry: async (args) => (await import('./commands/control.ts')).retry(args),
};

async function main(name = 'help', ...args: readonly string[]): Promise<void> {
  const client = CLIENTS[name];
  if (client) return client(args);
  const command = COMMANDS[name];
  const role = ROLES[name];
  if (!command && !role) throw new ConfigError(`There is no command "${name}".\n\n${HELP}`);
  const config = parseConfig(process.env);
  if (command) return command(config, args);
  const roleCommand = ROLE_COMMANDS[name];
  if (roleCommand && args.length > 0) return roleCommand(args, config);
  if (role) await runRole(config, name, async (context) => (await role())(config, context));
}

main(...process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof ConfigError ? `millrace: ${error.message}` : error);
  process.exitCode = 1;
});
