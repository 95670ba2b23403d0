import { z } from 'zod';
import { problemSchema } from '../schemas.ts';

/**
 * tus 1.0.0 for the OpenAPI document, as documentation: `@tus/server` and the store behind it check the headers, and
 * test/contract/openapi.test.ts holds the answers against this.
 */
export const tusPaths = () => ({
  '/uploads': {
    post: {
      summary: 'Begin a resumable upload (tus 1.0.0), with its first bytes if wanted',
      parameters: [
        version,
        header('Upload-Length', 'Size of the whole in bytes; or Upload-Defer-Length: 1'),
        header('Upload-Defer-Length', '1: the size comes with a later PATCH'),
        header('Upload-Metadata', 'Keys and base64 values: filename, filetype, contentId'),
        header('Upload-Checksum', 'sha256 or sha1 and base64, of the bytes of this request'),
      ],
      requestBody: { required: false, content: bytes },
      responses: {
        201: answer('Begun, or finished at once', ['Location', 'Millrace-Video-Id', 'Upload-Offset', 'Upload-Expires']),
        ...refusals,
      },
    },
    options: { summary: 'What this server can do', responses: { 204: answer('Headers only', abilities) } },
  },
  '/uploads/{id}': {
    parameters: [{ name: 'id', in: 'path' as const, required: true, schema: text }],
    head: {
      summary: 'Where to go on',
      parameters: [version],
      responses: {
        200: answer('What is stored for good', [
          'Upload-Offset',
          'Upload-Length',
          'Upload-Expires',
          'Millrace-Video-Id',
        ]),
        ...bare,
      },
    },
    patch: {
      summary: 'Add bytes',
      parameters: [
        version,
        header('Upload-Offset', 'Where the bytes begin: as HEAD says', true),
        header('Upload-Length', 'Size of the whole, where it was deferred'),
        header('Upload-Checksum', 'sha256 or sha1 and base64, of the bytes of this request'),
      ],
      requestBody: { required: true, content: bytes },
      responses: {
        204: answer('Stored for good', ['Upload-Offset', 'Upload-Expires', 'Millrace-Video-Id']),
        ...refusals,
      },
    },
    delete: {
      summary: 'Give it up: rows and bytes go. A finished one leaves its video',
      parameters: [version],
      responses: { 204: answer('Gone', []), ...refusals },
    },
    post: {
      summary: 'HEAD, PATCH or DELETE where the network lets only POST through',
      parameters: [version, header('X-HTTP-Method-Override', 'HEAD, PATCH or DELETE', true)],
      requestBody: { required: false, content: bytes },
      responses: { 200: answer('As HEAD', []), 204: answer('As PATCH or DELETE', []), ...refusals },
    },
    options: { summary: 'What this server can do', responses: { 204: answer('Headers only', abilities) } },
  },
});

const text = { type: 'string' as const };
const abilities = ['Tus-Version', 'Tus-Extension', 'Tus-Max-Size', 'Tus-Checksum-Algorithm'];
const bytes = { 'application/offset+octet-stream': { schema: {} } };
const version = header('Tus-Resumable', '1.0.0', true);

function header(name: string, description: string, required = false) {
  return { name, in: 'header' as const, required, description, schema: text };
}

function answer(description: string, headers: readonly string[]) {
  return { description, headers: Object.fromEntries(headers.map((name) => [name, { schema: text }])) };
}

const problem = { 'application/problem+json': { schema: z.toJSONSchema(problemSchema) as object } };
const refusals = {
  '4XX': { description: 'Refused; nothing was changed', content: problem },
  '5XX': { description: 'Cannot be done now', content: problem },
};
/** An answer to HEAD has no body. */
const bare = { '4XX': { description: 'Refused' }, '5XX': { description: 'Cannot be done now' } };
