const BEGIN = '<!-- written by npm run demo:failures -- --docs -->';
const END = '<!-- end of what is written -->';

/** Puts a text between the two marks of a document, instead of what stands there. */
export function between(document: string, text: string): string {
  const [before, rest, ...more] = document.split(BEGIN);
  const [, after, ...evenMore] = rest?.split(END) ?? [];
  if (before === undefined || after === undefined || more.length > 0 || evenMore.length > 0)
    throw new Error(`the document must have one ${BEGIN} and one ${END} after it`);
  return `${before}${BEGIN}\n${text}\n${END}${after}`;
}
