import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export type Meters = ReturnType<typeof metersIn>;

/** Makes the metrics of one registry: the name, then what is measured, then the labels. */
export function metersIn(registry: Registry) {
  const registers = [registry];
  return {
    counter: <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
      new Counter<Label>({ name, help, labelNames, registers }),
    histogram: <Label extends string>(name: string, help: string, buckets: number[], ...labelNames: Label[]) =>
      new Histogram<Label>({ name, help, buckets, labelNames, registers }),
    gauge: (name: string, help: string) => new Gauge({ name, help, registers }),
    /** A count that something else keeps, read when somebody looks. */
    counted: (name: string, help: string, read: () => number): void => {
      const collect = (): void => {
        counter.reset();
        counter.inc(read());
      };
      const counter: Counter = new Counter({ name, help, registers, collect });
    },
    /** Read when somebody looks. */
    reading: (name: string, help: string, read: () => number): void => {
      const gauge: Gauge = new Gauge({ name, help, registers, collect: () => gauge.set(read()) });
    },
    /** The same with a value for each word of a label; what is not known is told as NaN. */
    readings: (
      name: string,
      help: string,
      label: string,
      read: () => Readonly<Record<string, number | null>> | Promise<Readonly<Record<string, number | null>>>,
    ): void => {
      const collect = async (): Promise<void> => {
        const now = await read();
        // A word that is gone, such as an edge that left, is told no more.
        gauge.reset();
        for (const [word, value] of Object.entries(now)) gauge.set({ [label]: word }, value ?? Number.NaN);
      };
      const gauge = new Gauge({ name, help, labelNames: [label], registers, collect });
    },
  };
}
