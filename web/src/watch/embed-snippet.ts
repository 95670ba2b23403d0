type Embedded = { readonly src: string; readonly title: string; readonly ratio: string };

/** What another page copies to show the player: as wide as there is room, in the shape of the video. */
export const embedSnippet = ({ src, title, ratio }: Embedded): string =>
  `<iframe src="${src}" title="${escaped(title)}" loading="lazy" ` +
  `allow="autoplay; fullscreen; picture-in-picture" style="width:100%;aspect-ratio:${ratio};border:0"></iframe>`;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
