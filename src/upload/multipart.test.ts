import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { openMultipart } from './multipart.ts';

const FILE = Buffer.from('line one\r\n--almost\r\n\r\nline two\u0000\r\n');
const BODY = formOf([
  'content-disposition: form-data; name="title"\r\n\r\nmine',
  `content-disposition: form-data; name="file"; filename="Köln.mp4"\r\ncontent-type: video/mp4\r\n\r\n${FILE}`,
]);

test('the file of a form comes out the same wherever the form is cut in two', async () => {
  for (let at = 1; at < BODY.byteLength; at++) {
    const file = await openMultipart(requestOf([BODY.subarray(0, at), BODY.subarray(at)]));
    assert.deepEqual(await read(file.bytes), FILE, `cut at ${at}`);
    await file.assertWhole();
    assert.deepEqual([file.filename, file.contentType], ['Köln.mp4', 'video/mp4'], `cut at ${at}`);
  }
});

test('the end of the form may come later than that of the file', async () => {
  const end = BODY.byteLength - '--\r\n'.length;
  const request = requestOf([BODY.subarray(0, end)], { isWhole: false });
  const file = await openMultipart(request);
  assert.deepEqual(await read(file.bytes), FILE);
  const whole = file.assertWhole();
  (request as unknown as PassThrough).end(BODY.subarray(end));
  await whole;
});

test('a form that comes byte by byte is a form', async () => {
  const file = await openMultipart(requestOf(Array.from(BODY, (byte) => Buffer.from([byte]))));
  assert.deepEqual(await read(file.bytes), FILE);
});

test('a form that is cut off anywhere is never taken for a whole file', async () => {
  const end = BODY.byteLength - '--\r\n'.length;
  for (let at = 0; at < end; at++) {
    const outcome = await openMultipart(requestOf([BODY.subarray(0, at)]))
      .then(async (file) => {
        await read(file.bytes);
        await file.assertWhole();
        return 'whole';
      }, codeOf)
      .catch(codeOf);
    assert.match(outcome, /^(bad_request|upload_incomplete)$/, `cut at ${at}`);
  }
});

test('a sender that left, before or after the form was opened, is not waited for', async () => {
  const start = BODY.subarray(0, 10);
  const gone = requestOf([start], { isWhole: false });
  gone.destroy();
  await assert.rejects(openMultipart(gone), { code: 'upload_incomplete' });
  const leaving = requestOf([start], { isWhole: false });
  const opening = openMultipart(leaving);
  leaving.destroy();
  await assert.rejects(opening, { code: 'upload_incomplete' });
});

test('a connection that closes behind the last byte takes nothing from who still reads the file', async () => {
  const request = requestOf([BODY]);
  const file = await openMultipart(request);
  if (!request.closed) await once(request, 'close');
  assert.deepEqual(await read(file.bytes), FILE);
  await file.assertWhole();
});

test('forms without a file, of another type, or without a boundary are refused', async () => {
  const other = formOf(['content-disposition: form-data; name="title"\r\n\r\nmine']);
  const misnamed = formOf(['content-disposition: form-data; name="video"; filename="a.mp4"\r\n\r\nbytes']);
  for (const body of [other, misnamed, Buffer.from('nonsense'), Buffer.alloc(0)])
    await assert.rejects(openMultipart(requestOf([body])), { code: 'bad_request' }, String(body));
  for (const type of ['multipart/form-data', 'multipart/form-data; boundary='])
    await assert.rejects(openMultipart(requestOf([BODY], { contentType: type })), { code: 'bad_request' }, type);
});

test('a second file is not mixed into the first', async () => {
  const body = formOf([
    'content-disposition: form-data; name="file"; filename="a.mp4"\r\n\r\nfirst',
    'content-disposition: form-data; name="file"; filename="b.mp4"\r\n\r\nsecond',
  ]);
  const file = await openMultipart(requestOf([body]));
  assert.equal(String(await read(file.bytes)), 'first');
});

function formOf(parts: readonly string[]): Buffer {
  return Buffer.from(`${parts.map((part) => `--X\r\n${part}\r\n`).join('')}--X--\r\n`);
}

/** Only what the reader looks at: headers, and the bytes as they come. */
function requestOf(
  pieces: readonly Buffer[],
  { contentType = 'multipart/form-data; boundary=X', isWhole = true } = {},
): IncomingMessage {
  const stream = new PassThrough();
  for (const piece of pieces) stream.write(piece);
  if (isWhole) stream.end();
  return Object.assign(stream, { headers: { 'content-type': contentType } }) as unknown as IncomingMessage;
}

async function read(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of bytes) pieces.push(piece);
  return Buffer.concat(pieces);
}

const codeOf = (error: { code?: string; message?: string }): string => error.code ?? `${error.message}`;
