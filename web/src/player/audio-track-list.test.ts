import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AudioTrackList } from './audio-track-list.ts';

function fixture() {
  const list = new AudioTrackList();
  const said: string[] = [];
  for (const event of ['addtrack', 'change']) list.addEventListener(event, () => said.push(event));
  const choices = [
    { id: '0', label: 'English', language: 'en' },
    { id: '1', label: 'Deutsch', language: 'de' },
  ];
  list.replace(choices, '0');
  said.length = 0;
  return { list, said, choices };
}

const enabled = (list: AudioTrackList): string[] =>
  [...list].filter((track) => track.enabled).map(({ label }) => label);

test('enabling one track disables the other, and says so once', () => {
  const { list, said } = fixture();
  // As media-chrome does it: one after the other, each told whether it is the wanted one.
  for (const track of list) track.enabled = track.id === '1';
  assert.deepEqual(enabled(list), ['Deutsch']);
  assert.deepEqual(said, ['change']);
});

test('a track that is already heard changes nothing', () => {
  const { list, said } = fixture();
  list.select('0');
  assert.deepEqual(said, []);
});

test('a language that was chosen stays so when a source is loaded again, whatever its player begins with', () => {
  const { list, choices } = fixture();
  list.select('1');
  const again = choices.toReversed().map((choice, id) => ({ ...choice, id: String(id) }));
  list.replace(again, '1');
  assert.deepEqual(enabled(list), ['Deutsch']);
  assert.equal(list.selectedId, '0');
});

test('other tracks take the place of the former ones, with the one that is heard', () => {
  const { list, said, choices } = fixture();
  list.replace(choices.slice(1), '1');
  assert.equal(list.length, 1);
  assert.deepEqual(enabled(list), ['Deutsch']);
  assert.deepEqual(said, ['addtrack', 'change']);
});
