import 'react';

declare module 'react' {
  interface CSSProperties {
    /** Degrees on the colour wheel, for the tint of a poster. */
    '--hue'?: number;
    /** Width by height of a video, as CSS writes a ratio. */
    '--ratio'?: string;
  }
}
