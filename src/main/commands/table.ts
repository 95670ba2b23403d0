export type Column = {
  readonly head: string;
  /** Numbers stand at the right. */
  readonly right?: true;
  /** Where the table is too wide, this column is cut, down to so many characters. */
  readonly least?: number;
};

const GAP = '  ';

/** Rows as aligned text, no wider than asked for where cutting the columns that may be cut is enough. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], widthMost = Infinity): string {
  const shown = [columns.map(({ head }) => head), ...rows];
  const natural = columns.map((_, i) => Math.max(...shown.map((row) => lengthOf(row[i] ?? ''))));
  const widths = fit(columns, natural, widthMost - GAP.length * (columns.length - 1));
  const line = (row: readonly string[]): string =>
    columns.map(({ right }, i) => pad(cut(row[i] ?? '', widths[i] ?? 0), widths[i] ?? 0, right)).join(GAP);
  return shown.map((row) => line(row).trimEnd()).join('\n');
}

/** Takes from the widest column that may be cut, until it fits or nothing may be cut any more. */
function fit(columns: readonly Column[], natural: readonly number[], most: number): number[] {
  const widths = [...natural];
  for (let over = sum(widths) - most; over > 0; over--) {
    const cuttable = widths.map((width, i) => (width > (columns[i]?.least ?? Infinity) ? width : 0));
    const widest = cuttable.indexOf(Math.max(...cuttable));
    if (cuttable[widest] === 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

/** By code points: wide characters of East Asian scripts may still stick out. */
const lengthOf = (text: string): number => [...text].length;

const cut = (text: string, width: number): string =>
  lengthOf(text) <= width ? text : `${[...text].slice(0, width - 1).join('')}…`;

function pad(text: string, width: number, right: true | undefined): string {
  const space = ' '.repeat(Math.max(0, width - lengthOf(text)));
  return right ? space + text : text + space;
}
