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
    /** Read when somebody looks. */
    reading: (name: string, help: string, read: () => number): void => {
      const gauge: Gauge = new Gauge({ name, help, registers, collect: () => gauge.set(read()) });
    },
    /** The same with a value for each word of a label; what is not known is told as NaN. */
    readings: (
      name: string,
      help: string,
      label: string,
      read: () => Promise<Readonly<Record<string, number | null>>>,
    ): void => {
      const collect = async (): Promise<void> => {
        for (const [word, value] of Object.entries(await read())) gauge.set({ [label]: word }, value ?? Number.NaN);
      };
      const gauge = new Gauge({ name, help, labelNames: [label], registers, collect });
    },
  };
}
