import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isSessionId, isVideoId } from '../../domain/ids.ts';
import { type Config, ConfigError } from '../config.ts';
import { type Explanation, explainLogs } from '../explain/explain-logs.ts';
import { tellSession } from '../explain/tell-session.ts';
import { tellVideo } from '../explain/tell-video.ts';
import { countText, joined } from '../explain/words.ts';
import { printJson } from './show.ts';

/**
 * `millrace explain SESSION|VIDEO [LOGS…] [--json]`: what happened to it, from logs alone. LOGS are files, folders or
 * `-`; unset, the logs of the instance of this data folder.
 */
export async function explain(args: readonly string[], config: Config): Promise<void> {
  const { id, paths, json } = argsOf(args);
  const logs = paths.length > 0 ? paths : [join(config.MILLRACE_DATA, 'logs')];
  const explanation = await explainLogs(id, logs).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === undefined) throw cause;
    throw new ConfigError(`The logs cannot be read: ${cause.message}`, { cause });
  });
  if (!explanation.story) process.exitCode = 1;
  if (json) return printJson(explanation);
  console.log(tell(id, explanation).join('\n'));
}

function tell(id: string, { story, read }: Explanation): string[] {
  if (!story) return [`No line speaks of ${id}.`, readText(read)];
  return [...(story.about === 'session' ? tellSession(story) : tellVideo(story)), readText(read)];
}

const readText = ({ files, lines, foreign, broken, leftOut }: Explanation['read']): string =>
  `Read ${joined(
    `${countText(lines, 'line')} of ${countText(files, 'log')}`,
    foreign > 0 && `${foreign} not written by Millrace`,
    broken > 0 && `${broken} broken`,
    leftOut > 0 && `${leftOut} too many to tell`,
  )}.`;

function argsOf(args: readonly string[]) {
  const options = { logs: { type: 'string', multiple: true }, json: { type: 'boolean' } } as const;
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const [id = '', ...rest] = positionals;
    if (!isSessionId(id) && !isVideoId(id)) throw new Error('explain takes the id of a session or of a video.');
    return { id, paths: [...(values.logs ?? []), ...rest], json: values.json === true };
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error));
  }
}
