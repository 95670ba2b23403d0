import type { DetailedHTMLProps, HTMLAttributes } from 'react';

type Element = DetailedHTMLProps<HTMLAttributes<HTMLElement>, HTMLElement>;
/** media-chrome's elements are set up by attributes, which React passes on as they are written. */
type MediaElement = Element & { [attribute: string]: unknown };

declare module 'react' {
  // biome-ignore lint/style/noNamespace: React declares its elements in one, and only there can they be added to.
  namespace JSX {
    interface IntrinsicElements {
      'media-controller': MediaElement;
      'media-control-bar': MediaElement;
      'media-play-button': MediaElement;
      'media-mute-button': MediaElement;
      'media-volume-range': MediaElement;
      'media-time-range': MediaElement;
      'media-time-display': MediaElement;
      'media-loading-indicator': MediaElement;
      'media-rendition-menu': MediaElement;
      'media-rendition-menu-button': MediaElement;
      'media-playback-rate-menu': MediaElement;
      'media-playback-rate-menu-button': MediaElement;
      'media-pip-button': MediaElement;
      'media-fullscreen-button': MediaElement;
    }
  }
}
