import { CONTAINERS } from './matrix-containers.ts';
import { PICTURES } from './matrix-pictures.ts';
import type { MatrixRow } from './matrix-row.ts';
import { SOUNDS } from './matrix-sounds.ts';
import { TIMES } from './matrix-times.ts';

/** Every kind of input that is promised to work; docs/processing-matrix.md shows it. */
export const INPUT_MATRIX: readonly MatrixRow[] = [...CONTAINERS, ...TIMES, ...PICTURES, ...SOUNDS];
