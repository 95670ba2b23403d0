/** Calm neighbours of the accent: from green over blue to violet. */
const FIRST_DEGREES = 150;
const SPAN_DEGREES = 140;

/** Degrees on the colour wheel that an id always gets again (FNV-1a, spread over the span). */
export function hueOf(id: string): number {
  let hash = 0x811c9dc5;
  for (const letter of id) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193);
  return FIRST_DEGREES + ((hash >>> 0) % SPAN_DEGREES);
}
