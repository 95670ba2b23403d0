/** Degrees on the colour wheel that an id always gets again; any spread will do. */
export const hueOf = (id: string): number =>
  [...id].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 360, 7);
