import type { CaptionTrack } from '../../../src/domain/captions.ts';
import { requestJson } from './request-json.ts';

const textPath = (id: string): string => `/videos/${encodeURIComponent(id)}/text`;

export async function getCaptions(id: string, signal: AbortSignal): Promise<readonly CaptionTrack[]> {
  const { tracks } = (await requestJson(textPath(id), { signal })) as { tracks: CaptionTrack[] };
  return tracks;
}

/** Stores WebVTT or SubRip in place of what the language had. */
export async function putCaptions(id: string, language: string, file: File): Promise<void> {
  await requestJson(captionsPath(id, language), { method: 'PUT', file });
}

export async function deleteCaptions(id: string, language: string): Promise<void> {
  await requestJson(captionsPath(id, language), { method: 'DELETE' });
}

/** One track as WebVTT. */
export const captionsPath = (id: string, language: string): string => `${textPath(id)}/${encodeURIComponent(language)}`;
