import { posix } from 'node:path';
import { type ParsedDash, type ParsedHls, parseDash, parseHls } from './manifest-parsers.ts';
import { type InitFacts, readInit, readSegment, type SegmentFacts } from './segment-facts.ts';

/** Reads a file of the presentation by its path beside the multivariant playlist. */
export type Read = (path: string) => Promise<Uint8Array>;

export type Rendition = {
  readonly uri: string;
  readonly playlist: ParsedHls;
  readonly init: InitFacts;
  readonly segments: readonly SegmentFacts[];
};
export type Presentation = {
  readonly text: string;
  readonly multivariant: ParsedHls;
  readonly renditions: ReadonlyMap<string, Rendition>;
  /** The files of the captions. */
  readonly texts: ReadonlyMap<string, string>;
  /** Playlists of keyframes alone. */
  readonly iframes: ReadonlyMap<string, ParsedHls>;
  readonly manifest: ParsedDash;
};

/** For resolving relative addresses; nothing is fetched from it. */
export const MANIFEST_BASE = 'http://presentation/';

/** Reads everything that the playlists and the manifest lead to, one segment after the other. */
export async function readPresentation(read: Read): Promise<Presentation> {
  const text = textOf(await read('index.m3u8'));
  const multivariant = parseHls(text);
  const tracks = Object.values(multivariant.mediaGroups?.AUDIO ?? {}).flatMap((group) => Object.values(group));
  const uris = [...(multivariant.playlists ?? []), ...tracks].flatMap(({ uri }) => uri ?? []);
  const renditions = new Map<string, Rendition>();
  for (const uri of new Set(uris)) renditions.set(uri, await readRendition(uri, read));
  const texts = new Map<string, string>();
  const captions = Object.values(multivariant.mediaGroups?.SUBTITLES ?? {}).flatMap((group) => Object.values(group));
  for (const { uri } of captions) for (const [file, content] of await readTexts(uri, read)) texts.set(file, content);
  const iframes = new Map<string, ParsedHls>();
  for (const { uri } of multivariant.iFramePlaylists ?? []) iframes.set(uri, parseHls(textOf(await read(uri))));
  const manifest = parseDash(textOf(await read('manifest.mpd')), `${MANIFEST_BASE}manifest.mpd`);
  return { text, multivariant, renditions, texts, iframes, manifest };
}

async function readRendition(uri: string, read: Read): Promise<Rendition> {
  const playlist = parseHls(textOf(await read(uri)));
  const init = readInit(Buffer.from(await read(beside(uri, playlist.segments[0]?.map?.uri ?? 'init.mp4'))));
  const segments: SegmentFacts[] = [];
  for (const segment of playlist.segments) {
    segments.push(readSegment(Buffer.from(await read(beside(uri, segment.uri))), init.codec));
  }
  return { uri, playlist, init, segments };
}

async function readTexts(uri: string, read: Read): Promise<[file: string, content: string][]> {
  const files = parseHls(textOf(await read(uri))).segments.map((segment) => beside(uri, segment.uri));
  return Promise.all(files.map(async (file): Promise<[string, string]> => [file, textOf(await read(file))]));
}

const beside = (uri: string, file: string): string => posix.join(posix.dirname(uri), file);

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
