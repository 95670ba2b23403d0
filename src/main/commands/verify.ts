import { isVideoId } from '../../domain/ids.ts';
import { checkPresentation, type Finding } from '../verify/check-presentation.ts';
import { type Read, readPresentation } from '../verify/read-presentation.ts';
import { CallFailed } from './api-call.ts';
import { parseClientArgs } from './client-args.ts';
import { orSayWhy, printJson } from './show.ts';

/** `millrace verify VIDEO`: reads all that players can read of a video; exit code 1 where one may fail on it. */
export function verify(args: readonly string[]): Promise<void> {
  const { values, names, server } = parseClientArgs(args, { json: { type: 'boolean' } }, (given) =>
    given.length === 1 && isVideoId(given[0] ?? '') ? undefined : 'verify takes the id of one video.',
  );
  return orSayWhy(async () => {
    const read = await startSession(server, names[0] ?? '');
    const presentation = await readPresentation(read);
    const findings = checkPresentation(presentation);
    if (findings.some(({ level }) => level === 'must')) process.exitCode = 1;
    if (values.json) return printJson(findings);
    for (const finding of findings) console.log(lineOf(finding));
    const segments = [...presentation.renditions.values()].flatMap((rendition) => rendition.segments).length;
    console.log(`${names[0]}: ${presentation.renditions.size} renditions, ${segments} segments, ${summary(findings)}`);
  });
}

const lineOf = ({ level, where, what }: Finding): string => `${level.padEnd(6)}  ${where}: ${what}`;

function summary(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'nothing to find fault with';
  const count = (level: Finding['level']): number => findings.filter((finding) => finding.level === level).length;
  return `${count('must')} faults, ${count('should')} remarks`;
}

/** A segment of the highest rung over a slow line. */
const READ_DEADLINE_MS = 60_000;

/** Plays like a player: the first request is redirected to a session, below which everything else lies. */
async function startSession(server: string, videoId: string): Promise<Read> {
  const first = await get(`${server}/play/${videoId}/index.m3u8`);
  const base = first.url;
  return async (path) => {
    const answer = await get(new URL(path, base).href);
    return new Uint8Array(await answer.arrayBuffer());
  };
}

async function get(url: string): Promise<Response> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(READ_DEADLINE_MS) }).catch((cause) => {
    throw new CallFailed(`${new URL(url).origin} cannot be reached`, { cause });
  });
  if (!answer.ok) throw new CallFailed(`${new URL(url).pathname} was answered with ${answer.status}`);
  return answer;
}
