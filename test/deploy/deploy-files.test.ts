import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseConfig } from '../../src/main/config.ts';
import {
  assignments,
  deployFiles,
  documents,
  filesOf,
  KUBERNETES,
  manifestFiles,
  ROOT,
  readText,
  SYSTEMD,
  unitFiles,
} from './deploy-files.ts';

const ROLES = ['upload-api', 'orchestrator', 'worker', 'edge', 'router', 'public'];
/** What each role cannot start without, beside a port. */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  'upload-api': ['MILLRACE_STORE', 'MILLRACE_DATABASE_URL', 'MILLRACE_API_KEYS', 'MILLRACE_SECRET'],
  public: ['MILLRACE_STORE', 'MILLRACE_DATABASE_URL', 'MILLRACE_API_KEYS', 'MILLRACE_SECRET', 'MILLRACE_EDGES'],
  orchestrator: ['MILLRACE_STORE', 'MILLRACE_DATABASE_URL', 'MILLRACE_WORKER_TOKEN'],
  worker: ['MILLRACE_STORE', 'MILLRACE_WORKER_TOKEN', 'MILLRACE_ORCHESTRATOR_URL'],
  edge: ['MILLRACE_STORE', 'MILLRACE_SECRET'],
  router: ['MILLRACE_SECRET', 'MILLRACE_EDGES'],
};
const DEADLINE_MS = 60_000;
const run = (program: string, args: readonly string[], cwd = ROOT): string =>
  execFileSync(program, args, { cwd, encoding: 'utf8', timeout: DEADLINE_MS, stdio: 'pipe' });

function isInstalled(program: string): boolean {
  try {
    run('sh', ['-c', `command -v ${program}`]);
    return true;
  } catch {
    // The exit code of command -v: it is not on the PATH.
    return false;
  }
}

const settings = /^ {2}(MILLRACE_\w+):/gm;
const known = new Set([...readText('src/main/config.ts').matchAll(settings)].map(([, name = '']) => name));
/** Of compose.yaml and its .env only: where the port is opened on the host. */
const OF_COMPOSE = 'MILLRACE_LISTEN';

test('every setting that a deployment file names exists', () => {
  assert.ok(known.size > 20);
  for (const file of deployFiles())
    for (const [name] of readText(file).matchAll(/\bMILLRACE_[A-Z_]+\b/g))
      assert.ok(known.has(name) || name === OF_COMPOSE, `${file} names ${name}`);
});

test('the sample settings are accepted once the secrets are filled in', () => {
  for (const file of [`${SYSTEMD}/millrace.env.example`, `${KUBERNETES}/secrets.env.example`, '.env.example']) {
    const filled = Object.entries(assignments(readText(file))).map(([name, value]) => [name, value || 'x'.repeat(48)]);
    assert.ok(filled.length >= 3, file);
    parseConfig(Object.fromEntries(filled));
  }
});

type Service = {
  command?: string;
  image: string;
  environment?: Record<string, string>;
  depends_on?: Record<string, unknown>;
  read_only?: boolean;
  scale?: number;
};

test('compose.yaml runs every role that a platform needs, two of each that may fail, with what it needs', () => {
  const [compose] = documents<{ services: Record<string, Service> }>('compose.yaml');
  const services = compose!.services;
  const ours = Object.values(services).filter(({ image }) => image === 'millrace');
  const count = (role: string): number =>
    ours.filter(({ command }) => command === role).reduce((sum, { scale = 1 }) => sum + scale, 0);
  assert.deepEqual(['public', 'orchestrator', 'worker', 'edge'].map(count), [1, 2, 2, 2]);
  for (const { command = '', environment = {}, read_only } of ours) {
    assert.ok(ROLES.includes(command), command);
    for (const name of NEEDS[command] ?? []) assert.ok(name in environment, `${command} lacks ${name}`);
    assert.equal(read_only, true, command);
  }
  for (const [name, { depends_on = {} }] of Object.entries(services))
    for (const needed of Object.keys(depends_on)) assert.ok(needed in services, `${name} waits for ${needed}`);
  const asked = [...readText('compose.yaml').matchAll(/\$\{(\w+):\?/g)].map(([, name = '']) => name);
  for (const name of asked) assert.match(readText('.env.example'), new RegExp(`^${name}=$`, 'm'), name);
});

test('a worker is told nothing of the database and of the secret, on no kind of deployment', () => {
  const [compose] = documents<{ services: Record<string, Service> }>('compose.yaml');
  const worker = Object.keys(compose!.services.worker!.environment!);
  const [deployment] = documents<Deployment>(`${KUBERNETES}/worker.yaml`);
  const names = deployment!.spec.template.spec.containers[0]!.env.map(({ name }) => name);
  for (const name of ['MILLRACE_DATABASE_URL', 'MILLRACE_SECRET', 'MILLRACE_API_KEYS'])
    assert.ok(!worker.includes(name) && !names.includes(name), name);
});

test('the image has the ports, health path, user and pages that the roles expect', () => {
  const text = readText('Dockerfile');
  const env = Object.fromEntries([...text.matchAll(/(MILLRACE_\w+)=(\S+)/g)].map(([, name, value]) => [name, value]));
  const config = parseConfig(env);
  assert.equal(config.MILLRACE_PORT, 8080);
  assert.match(text, /^HEALTHCHECK [\s\S]*MILLRACE_PORT\}\/health/m);
  assert.match(text, /^USER node$/m);
  assert.match(text, /^COPY --from=pages \/build\/web\/dist web\/dist$/m);
  assert.match(text, /^ENTRYPOINT \["node", "src\/main\/cli\.ts"\]$/m);
});

test('what the image leaves out of node_modules is imported by the pages only', () => {
  const [, left = ''] = /cd node_modules && rm -r (.+)$/m.exec(readText('Dockerfile')) ?? [];
  const names = left.split(' ');
  assert.ok(names.length > 3);
  const files = run('git', ['ls-files', 'src'])
    .split('\n')
    .filter((file) => /(?<!\.test)\.ts$/.test(file));
  const { dependencies } = JSON.parse(readText('package.json')) as { dependencies: Record<string, string> };
  for (const name of names) {
    assert.ok(name in dependencies, `${name} is no dependency, so rm would fail`);
    for (const file of files) assert.ok(!readText(file).includes(`'${name}`), `${file} imports ${name}`);
  }
});

test('each role has a unit, in which its instance is its port', () => {
  const units = unitFiles();
  assert.deepEqual(units, ROLES.map((role) => `${SYSTEMD}/millrace-${role}@.service`).sort());
  for (const file of units) {
    const text = readText(file);
    const role = /millrace-(.+)@/.exec(file)?.[1] ?? '';
    assert.match(text, new RegExp(`^ExecStart=/usr/bin/node [^\n]*/opt/millrace/src/main/cli.ts ${role}$`, 'm'));
    assert.match(text, /^Environment=MILLRACE_PORT=%i$/m);
    assert.match(text, new RegExp(`^StateDirectory=millrace/${role}-%i$`, 'm'));
  }
});

test('an edge that is stopped waits for its sessions to leave, and one that ended by itself is started again at once', () => {
  const text = readText(`${SYSTEMD}/millrace-edge@.service`);
  const [, script = ''] = /^ExecStop=\/bin\/sh -c '(.*)'$/m.exec(text) ?? [];
  // As systemd reads it, with a program in place of the wait.
  const shell = script.replaceAll('$$', '$').replace('sleep 10', 'echo waits');
  const said = (env: NodeJS.ProcessEnv): string => execFileSync('/bin/sh', ['-c', shell], { env, encoding: 'utf8' });
  assert.equal(said({ MAINPID: '17' }), 'waits\n');
  assert.equal(said({}), '');
});

test('units are hardened alike', () => {
  const hardening = (file: string): string | undefined =>
    /\n(# A user of its own[\s\S]*)\nStateDirectory=/.exec(readText(file))?.[1];
  const rest = (file: string): string | undefined => /\nStateDirectoryMode=[\s\S]*$/.exec(readText(file))?.[0];
  const [first = '', ...others] = unitFiles();
  assert.match(rest(first) ?? '', /NoNewPrivileges=yes[\s\S]*SystemCallFilter=@system-service/);
  for (const file of others) assert.deepEqual([hardening(file), rest(file)], [hardening(first), rest(first)], file);
});

test('systemd finds nothing wrong with the units, where it is installed', (t) => {
  if (!isInstalled('systemd-analyze')) return t.diagnostic('systemd-analyze is not installed: not verified');
  const folder = mkdtempSync(join(tmpdir(), 'millrace-units-'));
  try {
    for (const file of unitFiles()) {
      // The programs of a host that is set up; here they stand elsewhere, or not at all.
      const unit = readText(file)
        .replaceAll('/usr/bin/node', '/bin/true')
        .replace(/^Documentation=.*$/m, '');
      const path = join(folder, file.slice(SYSTEMD.length + 1));
      writeFileSync(path, unit);
      assert.equal(run('sh', ['-c', `systemd-analyze verify --man=no '${path}' 2>&1`]), '', file);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

type Container = { name: string; args: string[]; env: { name: string }[] };
type Deployment = {
  kind: string;
  metadata: { name: string };
  spec: { template: { spec: { terminationGracePeriodSeconds: number; containers: Container[] } } };
};

test('each Deployment runs one role, with what it needs and more time than it takes to end', () => {
  const deployments = manifestFiles()
    .flatMap((file) => documents<Deployment>(file))
    .filter(({ kind, metadata }) => kind === 'Deployment' && metadata.name !== 'every-role');
  assert.deepEqual(
    deployments.map(({ metadata }) => metadata.name).sort(),
    ROLES.filter((role) => role !== 'public').sort(),
  );
  const [, stopMs = ''] = /STOP_DEADLINE_MS = ([\d_]+)/.exec(readText('src/main/role.ts')) ?? [];
  for (const { metadata, spec } of deployments) {
    const [container] = spec.template.spec.containers;
    // The patch of every-role.yaml goes by this name.
    assert.equal(container!.name, 'millrace');
    assert.deepEqual(container!.args, [metadata.name]);
    const names = container!.env.map(({ name }) => name);
    for (const name of NEEDS[metadata.name] ?? []) assert.ok(names.includes(name), `${metadata.name} lacks ${name}`);
    assert.ok(spec.template.spec.terminationGracePeriodSeconds * 1000 > Number(stopMs.replaceAll('_', '')));
  }
});

test('probes ask for /health, and autoscaling for a metric that orchestrators have', () => {
  assert.match(
    readText(`${KUBERNETES}/every-role.yaml`),
    /readinessProbe:\s+httpGet: \{ path: \/health, port: http \}/,
  );
  const [, metric = ''] = /query: max\((\w+)\)/.exec(readText(`${KUBERNETES}/worker-scaling.yaml`)) ?? [];
  assert.ok(readText('src/main/roles/waiting-gauge.ts').includes(`'${metric}'`), metric);
});

test('the kustomization names files that exist, and kubectl builds it, where it is installed', (t) => {
  const [{ resources, patches } = { resources: [], patches: [] }] = documents<{
    resources: string[];
    patches: { path: string }[];
  }>(`${KUBERNETES}/kustomization.yaml`);
  const files = filesOf(KUBERNETES).map((file) => file.slice(KUBERNETES.length + 1));
  for (const name of [...resources, ...patches.map(({ path }) => path)]) assert.ok(files.includes(name), name);
  if (!isInstalled('kubectl')) return t.diagnostic('kubectl is not installed: not built');
  const folder = mkdtempSync(join(tmpdir(), 'millrace-kubernetes-'));
  try {
    cpSync(join(ROOT, KUBERNETES), folder, { recursive: true });
    const built = run('kubectl', ['kustomize', folder]);
    assert.equal(built.match(/^kind: Deployment$/gm)?.length, 5);
    assert.equal(built.match(/readOnlyRootFilesystem: true/g)?.length, 5);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
