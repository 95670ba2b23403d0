import { stripes } from './marked-clip.ts';
import { AAC, MARKS_25, type MatrixRow, made, PICTURE, SOUND, usual, X264 } from './matrix-row.ts';
import type { MediaBench } from './media-bench.ts';

const pictureOf = (size: string, filters: string): string[] => stripes(MARKS_25, size, filters);
const turned = (degrees: string) => async (bench: MediaBench) => {
  const path = await bench.make('straight.mp4', [...PICTURE, ...SOUND, ...X264, ...AAC]);
  return bench.make('turned.mp4', ['-i', path, '-c', 'copy', '-metadata:s:v', `rotate=${degrees}`]);
};
const x265 = (params: string): string[] => [
  '-c:v',
  'libx265',
  '-preset',
  'ultrafast',
  '-x265-params',
  `log-level=none:pools=1:${params}`,
];
const UHD = { rate: MARKS_25.rate, frames: 36 };

/** Sizes, shapes and samples of pictures. */
export const PICTURES: readonly MatrixRow[] = [
  {
    name: 'a phone held upright (rotated by 90°)',
    decision: 'turned; width and height change places',
    make: turned('270'),
    ...usual,
    sizes: ['180x320'],
    held: 'right',
  },
  {
    name: 'rotated by 180°',
    decision: 'turned',
    make: turned('180'),
    ...usual,
    held: 'upside down',
  },
  {
    name: 'rotated by 270°',
    decision: 'turned',
    make: turned('90'),
    ...usual,
    sizes: ['180x320'],
    held: 'left',
  },
  {
    name: 'pixels that are not square',
    decision: 'made square by stretching the width',
    make: made('sar.mkv', ...pictureOf('360x288', 'format=yuv420p,setsar=64/45'), ...SOUND, ...X264, ...AAC),
    ...usual,
    sizes: ['512x288', '426x240'],
  },
  {
    name: 'odd width and height in 4:4:4',
    decision: 'scaled down to even sizes',
    make: made('odd.mkv', ...pictureOf('331x181', 'format=yuv444p'), ...SOUND, ...X264, ...AAC),
    ...usual,
    sizes: ['330x180'],
  },
  {
    name: 'interlaced MPEG-2, upper field first',
    decision: 'deinterlaced, one frame for each pair of fields',
    make: made(
      'tff.ts',
      ...pictureOf('320x240', 'format=yuv420p,setfield=tff'),
      ...SOUND,
      '-c:v',
      'mpeg2video',
      '-flags',
      '+ilme+ildct',
      '-g',
      '12',
      '-b:v',
      '2M',
      '-c:a',
      'mp2',
    ),
    ...usual,
    sizes: ['320x240'],
  },
  {
    name: 'interlaced H.264, lower field first, in MKV',
    decision: 'as above',
    make: made(
      'bff.mkv',
      ...pictureOf('320x240', 'format=yuv420p,setfield=bff'),
      ...SOUND,
      ...X264,
      '-x264-params',
      'bff=1',
      '-flags',
      '+ilme+ildct',
      ...AAC,
    ),
    ...usual,
    sizes: ['320x240'],
  },
  {
    name: 'PQ (HDR10), HEVC in 10 bits',
    decision: 'mapped to BT.709',
    make: made(
      'pq.mp4',
      ...pictureOf('320x180', 'format=yuv420p10le'),
      ...SOUND,
      ...x265('colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc'),
      '-color_primaries',
      'bt2020',
      '-color_trc',
      'smpte2084',
      '-colorspace',
      'bt2020nc',
      ...AAC,
    ),
    ...usual,
  },
  {
    name: 'HLG, HEVC in 10 bits',
    decision: 'mapped to BT.709',
    make: made(
      'hlg.mov',
      ...pictureOf('320x180', 'format=yuv420p10le'),
      ...SOUND,
      ...x265('colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc'),
      '-color_primaries',
      'bt2020',
      '-color_trc',
      'arib-std-b67',
      '-colorspace',
      'bt2020nc',
      ...AAC,
    ),
    ...usual,
  },
  {
    name: 'alpha in ProRes 4444',
    decision: 'laid over black',
    make: made(
      'alpha.mov',
      ...pictureOf('320x180', 'format=yuva444p10le'),
      ...SOUND,
      '-c:v',
      'prores_ks',
      '-profile:v',
      '4444',
      '-c:a',
      'pcm_s16le',
    ),
    ...usual,
  },
  {
    name: 'RGB with alpha, PNG in MOV',
    decision: 'laid over black',
    make: made('png.mov', ...pictureOf('320x180', 'format=rgba'), ...SOUND, '-c:v', 'png', '-c:a', 'pcm_s16le'),
    ...usual,
  },
  {
    name: '4K',
    decision: 'rungs from 1080 on down',
    make: made('uhd.mp4', ...stripes(UHD, '3840x2160'), ...X264, '-g', '18'),
    ...usual,
    frames: 36,
    sizes: ['1920x1080', '1280x720', '854x480', '640x360', '426x240'],
    audio: [],
  },
];
