import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHls } from '../../test/support/manifest-parsers.ts';
import { steerPlaylist } from './steer-playlist.ts';

const PLAYLIST = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Ton, URI=",DEFAULT=YES,CHANNELS="2",URI="g1/a-de/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=800,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=640x360,AUDIO="audio"
g1/v360/index.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90,CODECS="avc1.64001f",URI="g1/v360/iframes.m3u8"
`;
const EDGE = { id: 'edge-1', base: 'https://e1.example/play/v/s/' };

test('each variant and rendition is listed once for each pathway, the own one first and as it was', () => {
  assert.deepEqual(steerPlaylist(PLAYLIST, [EDGE]).split('\n'), [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    '#EXT-X-INDEPENDENT-SEGMENTS',
    '#EXT-X-CONTENT-STEERING:SERVER-URI="steering.json",PATHWAY-ID="edge-1"',
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Ton, URI=",DEFAULT=YES,CHANNELS="2",URI="g1/a-de/index.m3u8"',
    '#EXT-X-STREAM-INF:BANDWIDTH=800,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=640x360,AUDIO="audio",PATHWAY-ID="proxy"',
    'g1/v360/index.m3u8',
    '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90,CODECS="avc1.64001f",URI="g1/v360/iframes.m3u8",PATHWAY-ID="proxy"',
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio@edge-1",NAME="Ton, URI=",DEFAULT=YES,CHANNELS="2",URI="https://e1.example/play/v/s/g1/a-de/index.m3u8"',
    '#EXT-X-STREAM-INF:BANDWIDTH=800,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=640x360,AUDIO="audio@edge-1",PATHWAY-ID="edge-1"',
    'https://e1.example/play/v/s/g1/v360/index.m3u8',
    '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90,CODECS="avc1.64001f",URI="https://e1.example/play/v/s/g1/v360/iframes.m3u8",PATHWAY-ID="edge-1"',
    '',
  ]);
});

test('another parser finds every variant with the sound of its own pathway', () => {
  const other = { id: 'edge-2', base: 'https://e2.example/play/v/s/' };
  const { playlists = [], mediaGroups } = parseHls(steerPlaylist(PLAYLIST, [EDGE, other]));
  assert.deepEqual(
    playlists.map(({ uri, attributes }) => [uri, attributes.AUDIO]),
    [
      ['g1/v360/index.m3u8', 'audio'],
      [`${EDGE.base}g1/v360/index.m3u8`, 'audio@edge-1'],
      [`${other.base}g1/v360/index.m3u8`, 'audio@edge-2'],
    ],
  );
  assert.deepEqual(
    Object.values(mediaGroups?.AUDIO ?? {}).flatMap((group) => Object.values(group).map(({ uri }) => uri)),
    ['g1/a-de/index.m3u8', `${EDGE.base}g1/a-de/index.m3u8`, `${other.base}g1/a-de/index.m3u8`],
  );
});

test('without a direct pathway, and for what is no playlist, nothing is changed', () => {
  assert.equal(steerPlaylist(PLAYLIST, []), PLAYLIST);
  assert.equal(steerPlaylist('{"code":"x"}', [EDGE]), '{"code":"x"}');
});
