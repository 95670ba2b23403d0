import { type Gathered, gatherLines, type ReadCounts } from './gather-lines.ts';
import { linesOf, logFilesOf } from './read-lines.ts';
import type { SessionStory } from './session-entry.ts';
import { sessionStory } from './session-story.ts';
import type { VideoStory } from './video-entry.ts';
import { videoStory } from './video-story.ts';

/** What the logs say of a session or a video, and how much of them could be read. */
export type Explanation = {
  readonly story: SessionStory | VideoStory | undefined;
  readonly read: ReadCounts & { readonly files: number };
};

/** @param paths files, folders of logs, and `-` for standard input. */
export async function explainLogs(id: string, paths: readonly string[]): Promise<Explanation> {
  const files = await logFilesOf(paths);
  const gathered = await gatherLines(id, linesOfAll(files));
  return { story: storyOf(id, gathered), read: { files: files.length, ...gathered.counts } };
}

export function storyOf(id: string, { ofSession, ofVideo, around }: Gathered): Explanation['story'] {
  if (ofSession.length > 0) return sessionStory(id, ofSession, around);
  return ofVideo.length > 0 ? videoStory(id, ofVideo, around) : undefined;
}

async function* linesOfAll(files: readonly string[]): AsyncGenerator<string> {
  for (const file of files) yield* linesOf(file);
}
