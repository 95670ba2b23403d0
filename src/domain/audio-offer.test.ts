import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finishedJob } from '../../test/fakes/finished-job.ts';
import { parseDash, parseHls } from '../../test/support/manifest-parsers.ts';
import { dashManifest } from './dash-manifest.ts';
import { multivariantPlaylist } from './hls-playlist.ts';
import { type Offer, offerOf } from './offer.ts';

/** The one audio rendition of a finished job, as if it were there in several languages. */
function offerIn(languages: readonly (string | undefined)[], video = true): Offer {
  const { plan, results } = finishedJob({ video });
  const offer = offerOf(1, plan, results);
  const taken: string[] = [];
  const audio = languages.map((language) => {
    const [one] = offer.audio;
    const { language: _, ...track } = one!.plan.track;
    const name = `a-${language ?? 'und'}`;
    taken.push(name);
    const count = taken.filter((other) => other === name).length;
    const rendition = count === 1 ? name : `${name}-${count}`;
    return { ...one!, plan: { ...one!.plan, rendition, track: { ...track, ...(language ? { language } : {}) } } };
  });
  return { ...offer, audio };
}
const media = (offer: Offer): string[] =>
  multivariantPlaylist(offer)
    .split('\n')
    .filter((line) => line.startsWith('#EXT-X-MEDIA:'));

test('every audio track is offered under a name of its own, the first as the default', () => {
  assert.deepEqual(
    media(offerIn(['de', 'en', 'en', undefined])).map((line) => line.replace(/^.*?(NAME=.*?)(,CHANNELS.*)$/, '$1')),
    [
      'NAME="Deutsch",LANGUAGE="de",DEFAULT=YES,AUTOSELECT=YES',
      'NAME="English",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES',
      'NAME="English 2",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES',
      'NAME="Audio",DEFAULT=NO,AUTOSELECT=YES',
    ],
  );
});

test('every variant names the group of all tracks', () => {
  const { playlists, mediaGroups } = parseHls(multivariantPlaylist(offerIn(['de', 'en'])));
  assert.ok(playlists!.length > 1);
  for (const { attributes } of playlists!) assert.equal(attributes.AUDIO, 'audio');
  const tracks = Object.values(mediaGroups!.AUDIO.audio!);
  assert.deepEqual(
    tracks.map(({ uri, default: isDefault }) => [uri, isDefault]),
    [
      ['g1/a-de/index.m3u8', true],
      ['g1/a-en/index.m3u8', false],
    ],
  );
});

test('several tracks without a picture are one variant with a group, and no choice of rates', () => {
  const { playlists, mediaGroups } = parseHls(multivariantPlaylist(offerIn(['de', 'en'], false)));
  assert.deepEqual(
    playlists!.map(({ uri, attributes }) => [uri, attributes.AUDIO]),
    [['g1/a-de/index.m3u8', 'audio']],
  );
  assert.equal(Object.keys(mediaGroups!.AUDIO.audio!).length, 2);
});

test('the manifest has a set for each track, of which the first is the main one', () => {
  const xml = dashManifest(offerIn(['de', 'en']));
  const sets = [...xml.matchAll(/contentType="audio".*?lang="(\w+)".*?\n\s*<Role[^>]* value="(\w+)"/g)];
  assert.deepEqual(
    sets.map(([, language, role]) => [language, role]),
    [
      ['de', 'main'],
      ['en', 'alternate'],
    ],
  );
  const { audio } = parseDash(xml, 'http://edge/manifest.mpd').mediaGroups.AUDIO;
  assert.deepEqual(
    Object.values(audio ?? {}).map(({ language }) => language),
    ['de', 'en'],
  );
});
