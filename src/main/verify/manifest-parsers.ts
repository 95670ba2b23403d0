import { createRequire } from 'node:module';

/**
 * Parsers that a player of another make (video.js) uses, so that playlists and manifests are read by somebody else
 * than who wrote them. Their packages declare no types: these are the fields that are looked at.
 */
const require = createRequire(import.meta.url);

export type ParsedHls = {
  readonly version?: number;
  readonly independentSegments?: boolean;
  readonly endList?: boolean;
  readonly targetDuration?: number;
  readonly playlistType?: string;
  readonly start?: { timeOffset: number };
  readonly iFramesOnly?: boolean;
  readonly segments: readonly {
    readonly duration: number;
    readonly uri: string;
    readonly map?: { uri: string };
    readonly byterange?: { offset: number; length: number };
  }[];
  readonly iFramePlaylists?: readonly {
    readonly uri: string;
    readonly attributes: {
      readonly BANDWIDTH: number;
      readonly CODECS: string;
      readonly RESOLUTION?: { width: number; height: number };
    };
  }[];
  readonly playlists?: readonly {
    readonly uri: string;
    readonly attributes: {
      readonly BANDWIDTH: number;
      readonly 'AVERAGE-BANDWIDTH': string;
      readonly CODECS: string;
      readonly RESOLUTION?: { width: number; height: number };
      readonly 'FRAME-RATE'?: number;
      readonly AUDIO?: string;
    };
  }[];
  readonly mediaGroups?: {
    readonly SUBTITLES: Readonly<Record<string, Record<string, { uri: string; language: string }>>>;
    readonly AUDIO: Readonly<Record<string, Record<string, { default: boolean; uri: string; language?: string }>>>;
  };
};

type HlsParser = { push(text: string): void; end(): void; readonly manifest: ParsedHls };

export function parseHls(text: string): ParsedHls {
  const { Parser } = require('m3u8-parser') as { Parser: new () => HlsParser };
  const parser = new Parser();
  parser.push(text);
  parser.end();
  return parser.manifest;
}

type DashSegment = { readonly duration: number; readonly resolvedUri: string; readonly map: { resolvedUri: string } };
type DashPlaylist = {
  readonly attributes: {
    readonly NAME: string;
    readonly BANDWIDTH: number;
    readonly CODECS: string;
    readonly RESOLUTION?: { width: number; height: number };
  };
  readonly segments: readonly DashSegment[];
};
export type ParsedDash = {
  readonly duration: number;
  readonly playlists: readonly DashPlaylist[];
  readonly mediaGroups: {
    readonly AUDIO: { readonly audio?: Record<string, { language: string; playlists: readonly DashPlaylist[] }> };
  };
};

export function parseDash(text: string, manifestUri: string): ParsedDash {
  const { parse } = require('mpd-parser') as { parse: (xml: string, options: object) => ParsedDash };
  return parse(text, { manifestUri });
}
