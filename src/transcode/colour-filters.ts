import type { VideoTrackFacts } from '../domain/tasks.ts';

type Colours = Pick<VideoTrackFacts, 'highDynamicRange' | 'wideGamut' | 'alpha' | 'rgb'>;

/** What is transparent is laid over black, before sizes change and edges mix. */
export const beforeScaling = ({ alpha }: Colours): string[] => (alpha ? ['premultiply=inplace=1'] : []);

/** Added to the scaler that meets the source: it would make YUV of RGB as standard definition had it. */
export const scalerOptions = ({ rgb }: Colours): string => (rgb ? ':out_color_matrix=bt709:out_range=tv' : '');

/**
 * Everything that screens of today show alike is left as it is; the rest becomes BT.709, after scaling, where there is
 * less to convert. What a wide gamut's file leaves unsaid is taken to be as in BT.2020.
 */
export function afterScaling({ highDynamicRange, wideGamut, rgb }: Colours): string[] {
  if (highDynamicRange) return [WIDE, TONE_MAP];
  if (wideGamut) return [WIDE, 'zscale=tin=709:p=bt709:t=bt709:m=bt709:r=tv'];
  return rgb ? ['setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv'] : [];
}

const WIDE = 'setparams=colorspace=bt2020nc:color_primaries=bt2020';
const TONE_MAP =
  'zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv';
