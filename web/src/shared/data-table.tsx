import type { ReactNode } from 'react';

export type Column<Row> = {
  readonly name: string;
  /** Class of its cells; numbers stand at the right, their head as well. */
  readonly is?: string;
  /** The head is read aloud only. */
  readonly isUnnamed?: true;
  readonly cell: (row: Row) => ReactNode;
};

type Props<Row> = {
  readonly label: string;
  /** The first one names the row. */
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly classOf?: (row: Row) => string;
  readonly isTall?: boolean;
};

/** A table that scrolls by itself where it does not fit. */
export const DataTable = <Row,>({ label, columns, rows, keyOf, classOf, isTall = false }: Props<Row>) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard.
  <section className={`table-scroll ${isTall ? 'table-tall' : ''}`} tabIndex={0} aria-label={label}>
    <table>
      <thead>
        <tr>
          {columns.map(({ name, is, isUnnamed }) => (
            <th key={name} scope="col" className={is === 'number' ? is : undefined}>
              {isUnnamed ? <span className="visually-hidden">{name}</span> : name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)} className={classOf?.(row)}>
            {columns.map(({ name, is, cell }, i) =>
              i === 0 ? (
                <th key={name} scope="row">
                  {cell(row)}
                </th>
              ) : (
                <td key={name} className={is}>
                  {cell(row)}
                </td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  </section>
);
