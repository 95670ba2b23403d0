import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readCmcd } from './read-cmcd.ts';

const inQuery = (text: string) => readCmcd(`/play/x?CMCD=${encodeURIComponent(text)}`, {});
const VERSION_1 =
  'bl=21300,br=3200,bs,d=4004,mtp=25400,nor="..%2Fv360%2F000035.m4s",ot=v,sf=h,sid="6e2fb550",su,tb=6000';

test('version 1 is read from the query', () => {
  assert.deepEqual(inQuery(VERSION_1), {
    said: {
      br: 3200,
      tb: 6000,
      mtp: 25400,
      bl: 21300,
      d: 4004,
      bs: true,
      su: true,
      ot: 'v',
      sf: 'h',
      sid: '6e2fb550',
    },
    next: ['../v360/000035.m4s'],
  });
});

test('version 1 is read from the four header fields as from the query', () => {
  const headers = {
    'cmcd-object': 'br=3200,d=4004,ot=v,tb=6000',
    'cmcd-request': 'bl=21300,mtp=25400,nor="..%2Fv360%2F000035.m4s",su',
    'cmcd-status': 'bs',
    'cmcd-session': 'sf=h,sid="6e2fb550"',
  };
  assert.deepEqual(readCmcd('/play/x', headers), inQuery(VERSION_1));
});

test('version 2 lists are read by their first item, and all next objects are kept', () => {
  assert.deepEqual(inQuery('v=2,bl=(21300;v 4000;a),br=(3200;v),nor=("a.m4s" "b.m4s";r="0-100"),ot=v,sta=p'), {
    said: { v: 2, br: 3200, bl: 21300, ot: 'v', sta: 'p' },
    next: ['a.m4s', 'b.m4s'],
  });
});

test('a player that says nothing is no report, one that cannot be understood is malformed', () => {
  assert.equal(readCmcd('/play/x', {}), undefined);
  assert.equal(readCmcd('/play/x?token=1', {}), undefined);
  assert.equal(readCmcd('/play/x?CMCD=%', {}), 'malformed');
  assert.equal(inQuery('bl="'), 'malformed');
  assert.equal(inQuery(`sid="${'a'.repeat(3000)}"`), 'malformed');
});

test('claims out of bounds are left out', () => {
  assert.deepEqual(inQuery(`bl=-1,br=99999999999,mtp="fast",sid="${'a'.repeat(65)}",su=?0,bs=7`), {
    said: {},
    next: [],
  });
});

test('no text makes it throw, and what it reads stays bounded', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300, unit: 'binary' }), fc.boolean(), (text, isHeader) => {
      const read = isHeader ? readCmcd('/', { 'cmcd-request': text }) : readCmcd(`/?CMCD=${text}`, {});
      if (read === undefined || read === 'malformed') return;
      assert.ok(read.next.length <= 4);
      assert.ok(Object.keys(read.said).length <= 20);
    }),
  );
});
