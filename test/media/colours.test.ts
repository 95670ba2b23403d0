import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { encodeFile, joinRendition, mediaBench, TEST_DEADLINE_MS } from './media-bench.ts';

const run = promisify(execFile);
const SIZE = '320x180';
const x265 = (params: string): string[] => [
  ...['-c:v', 'libx265', '-preset', 'ultrafast'],
  ...['-x265-params', `log-level=none:pools=1:crf=10:range=limited:${params}`],
];

/** Four stripes: grey, red, green, blue. The values are those of the picture's own colour space. */
const stripes = (pixels: string, colours: readonly [number, number, number][], format: string): string[] => {
  const plane = (i: number): string =>
    `'${colours.map((colour, x) => `eq(floor(X*4/W),${x})*${colour[i]}`).join('+')}'`;
  const draw = `geq=lum=${plane(0)}:cb=${plane(1)}:cr=${plane(2)}`;
  return ['-f', 'lavfi', '-i', `nullsrc=s=${SIZE}:r=25,trim=end_frame=10,format=${pixels},${draw},format=${format}`];
};

/** 10-bit PQ in BT.2020: grey, red, green and blue whose brightest part is 203 cd/m², the white of printed text. */
const PQ: readonly [number, number, number][] = [
  [573, 512, 512],
  [198, 440, 769],
  [409, 273, 285],
  [94, 769, 494],
];
/** 10-bit HLG of the same: 75 % signal. */
const HLG: readonly [number, number, number][] = [
  [721, 512, 512],
  [237, 418, 848],
  [509, 202, 218],
  [103, 848, 486],
];
/** 8-bit BT.709 in full range: middle grey, and three colours of 75 %. */
const FULL: readonly [number, number, number][] = [
  [128, 128, 128],
  [41, 106, 224],
  [137, 54, 41],
  [14, 224, 119],
];

/** Grey, red, green and blue as a screen shows them, by the colour space that the file states. */
async function shown(args: readonly string[], name: string): Promise<{ rgb: number[][]; tags: string; luma: number }> {
  await using bench = await mediaBench();
  const encoded = await encodeFile(await bench.make(name, args), bench);
  const joined = await joinRendition(encoded, encoded.plan.rungs[0]!.rendition, bench);
  const frame = async (filters: string): Promise<Buffer> => {
    const to = ['-frames:v', '1', '-vf', filters, '-f', 'rawvideo', '-'];
    return (await run('ffmpeg', ['-v', 'error', '-i', joined, ...to], { encoding: 'buffer' })).stdout;
  };
  const small = 'scale=4:1:flags=area:out_color_matrix=bt709,format=rgb24';
  const bytes = [...(await frame(`scale=in_color_matrix=bt709:in_range=tv,format=rgb24,${small}`))];
  const [luma = 0] = await frame('extractplanes=y,crop=1:1:40:90');
  const entries = 'stream=color_range,color_space,color_transfer,color_primaries';
  const { stdout } = await run('ffprobe', ['-v', 'error', '-show_entries', entries, '-of', 'csv=p=0', joined]);
  return { rgb: [0, 3, 6, 9].map((at) => bytes.slice(at, at + 3)), tags: stdout.trim(), luma };
}

function assertColours(rgb: readonly number[][]): void {
  const [grey = [], ...colours] = rgb;
  assert.ok(Math.max(...grey) - Math.min(...grey) <= 6, `grey stays grey: ${grey}`);
  for (const [i, colour] of colours.entries()) {
    const others = colour.filter((_, channel) => channel !== i);
    assert.ok((colour[i] ?? 0) > 90, `${['red', 'green', 'blue'][i]} is bright: ${colour}`);
    assert.ok(Math.max(...others) < 0.7 * (colour[i] ?? 0), `${['red', 'green', 'blue'][i]} stays itself: ${colour}`);
  }
}
const BT2020 = ['-color_primaries', 'bt2020', '-colorspace', 'bt2020nc', '-color_range', 'tv'];

for (const { what, pixels, trc, code } of [
  { what: 'PQ', pixels: PQ, trc: 'smpte2084', code: 16 },
  { what: 'HLG', pixels: HLG, trc: 'arib-std-b67', code: 18 },
]) {
  test(`${what} is shown in the colours of BT.709, white as a bright grey`, { timeout: TEST_DEADLINE_MS }, async () => {
    const source = stripes('yuv444p10le', pixels, 'yuv420p10le');
    const tags = [...BT2020, '-color_trc', trc, ...x265(`colorprim=9:transfer=${code}:colormatrix=9`)];
    const { rgb, tags: stated } = await shown([...source, ...tags], `${trc}.mp4`);
    assertColours(rgb);
    assert.ok(rgb[0]![0]! > 150 && rgb[0]![0]! < 245, `white of text is ${rgb[0]}`);
    assert.equal(stated, 'tv,bt709,bt709,bt709');
  });
}

test('BT.2020 without high range is converted, so that players need not know it', {
  timeout: TEST_DEADLINE_MS,
}, async () => {
  const source = stripes('yuv444p10le', HLG, 'yuv420p10le');
  const tags = [...BT2020, '-color_trc', 'bt2020-10', ...x265('colorprim=9:transfer=14:colormatrix=9')];
  const { rgb, tags: stated } = await shown([...source, ...tags], 'wide.mp4');
  assertColours(rgb);
  assert.equal(stated, 'tv,bt709,bt709,bt709');
});

test('full range becomes the limited range of video', { timeout: TEST_DEADLINE_MS }, async () => {
  const source = stripes('yuvj444p', FULL, 'yuvj420p');
  const tags = ['-c:v', 'libx264', '-preset', 'ultrafast', '-qp', '1', '-color_range', 'pc', '-colorspace', 'bt709'];
  const { rgb, luma } = await shown([...source, ...tags], 'full.mp4');
  assertColours(rgb);
  assert.ok(Math.abs(luma - (16 + (128 * 219) / 255)) <= 3, `middle grey has the luma ${luma}`);
});

test('what is transparent is shown over black, whatever colour hides there', {
  timeout: TEST_DEADLINE_MS,
}, async () => {
  const picture = `nullsrc=s=${SIZE}:r=25,trim=end_frame=10,format=rgba,geq=r=255:g=255:b=255:a='255*gt(X,W/2)'`;
  const { rgb } = await shown(['-f', 'lavfi', '-i', picture, '-c:v', 'png'], 'alpha.mov');
  assert.ok(Math.max(...rgb[0]!) < 10, `transparent white is ${rgb[0]}`);
  assert.ok(Math.min(...rgb[3]!) > 245, `opaque white is ${rgb[3]}`);
});
