import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namedNext } from './named-next.ts';

const VIDEO = '0123456789abcdef';
const SESSION = `/play/${VIDEO}/abcdefgh12345678.zzzzzz.AAAAAAAAAAAAAAAAAAAAAA`;
const TARGET = `${SESSION}/g1/v360/000007.m4s?CMCD=x`;
const named = (...next: string[]) => namedNext(TARGET, next).map(({ key }) => key);

test('names are read relative to the request, as players write them', () => {
  assert.deepEqual(named('000008.m4s', '../v720/000008.m4s', `${SESSION}/g1/a-en/init.mp4`), [
    `videos/${VIDEO}/g1/v360/000008.m4s`,
    `videos/${VIDEO}/g1/v720/000008.m4s`,
    `videos/${VIDEO}/g1/a-en/init.mp4`,
  ]);
});

test('nothing but segments and inits of the same session of the same video is taken', () => {
  const hostile = [
    '../../../../zzzzzzzzzzzzzzzz/abcdefgh12345678.zzzzzz.AAAAAAAAAAAAAAAAAAAAAA/g1/v360/000008.m4s',
    `/play/${VIDEO}/other.zzzzzz.AAAAAAAAAAAAAAAAAAAAAA/g1/v360/000008.m4s`,
    '../../source/000000',
    '../../../../../videos/source/000000',
    'index.m3u8',
    '../../index.m3u8',
    'https://elsewhere.example/play/x/y/g1/v360/000008.m4s',
    '//elsewhere.example/x',
    '000008.m4s%00',
    '..%2Fv720%2F000008.m4s',
    'http://[',
    'file:///etc/passwd',
  ];
  for (const next of hostile) assert.deepEqual(named(next), [], next);
});
