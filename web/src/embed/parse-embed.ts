/** What the address of an embed page asks for. */
export type EmbedWish = {
  /** Undefined where the path names no video. */
  readonly videoId: string | undefined;
  readonly tech: 'hls' | 'dash';
  readonly autoplay: boolean;
  readonly muted: boolean;
  readonly stats: boolean;
  /** The origin of the page around it, which alone is talked to. */
  readonly parentOrigin: string | undefined;
};

/** @param referrer of the document: in a frame, the page around it, unless that page keeps it to itself */
export function parseEmbed({ pathname, search }: Pick<URL, 'pathname' | 'search'>, referrer: string): EmbedWish {
  const query = new URLSearchParams(search);
  const isOn = (name: string): boolean => ['', '1', 'true'].includes(query.get(name) ?? 'no');
  return {
    videoId: /^\/embed\/([0-9a-z]{1,64})\/?$/.exec(pathname)?.[1],
    tech: query.get('tech') === 'dash' ? 'dash' : 'hls',
    autoplay: isOn('autoplay'),
    muted: isOn('muted'),
    stats: isOn('stats'),
    parentOrigin: originOf(query.get('origin') ?? referrer),
  };
}

function originOf(address: string): string | undefined {
  const url = URL.parse(address);
  return url && /^https?:$/.test(url.protocol) ? url.origin : undefined;
}
