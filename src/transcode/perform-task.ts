import type { TaskResult, TaskSpec } from '../domain/tasks.ts';
import { encodeAudio } from './encode-audio.ts';
import { type EncodeDeps, encodeChunk } from './encode-chunk.ts';
import { extractText } from './extract-text.ts';
import { makeImages } from './make-images.ts';
import { probeSource } from './probe-source.ts';
import { tryQuality } from './try-quality.ts';

/** Does what a task asks for, once. */
export async function performTask(spec: TaskSpec, deps: EncodeDeps): Promise<TaskResult> {
  switch (spec.kind) {
    case 'probe':
      return probeSource(spec, deps);
    case 'trial':
      return tryQuality(spec, deps);
    case 'encode':
      return encodeChunk(spec, deps);
    case 'audio':
      return encodeAudio(spec, deps);
    case 'images':
      return makeImages(spec, deps);
    case 'text':
      return extractText(spec, deps);
    case 'publish':
      throw new Error('publishing is the work of the orchestrator');
    default:
      return spec satisfies never;
  }
}
