/** What the query of a watch or embed page asks of the player. */
export type PlayerWish = { readonly tech: 'hls' | 'dash'; readonly autoplay: boolean; readonly muted: boolean };

export function parseWish(search: string): PlayerWish {
  const query = new URLSearchParams(search);
  const isOn = (name: string): boolean => ['', '1', 'true'].includes(query.get(name) ?? 'no');
  return { tech: query.get('tech') === 'dash' ? 'dash' : 'hls', autoplay: isOn('autoplay'), muted: isOn('muted') };
}
