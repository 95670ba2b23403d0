import { formatLanguage } from '../shared/format.ts';

/** Audio renditions are named by their language, and numbered where two share one: `a-en`, `a-en-2`. */
export function audioName(rendition: string): string {
  const [, language = rendition, number] = /^a-(.+?)(?:-(\d+))?$/.exec(rendition) ?? [];
  return number === undefined ? formatLanguage(language) : `${formatLanguage(language)} (${number})`;
}
