/** `@tus/server` with `@tus/file-store`, as its documents show it: the peer of bench/upload.ts. Takes folder and port. */
import { createServer } from 'node:http';
import { FileStore } from '@tus/file-store';
import { Server } from '@tus/server';

const [, , directory = '', port = ''] = process.argv;
const tus = new Server({ path: '/files', datastore: new FileStore({ directory }) });
createServer((request, response) => void tus.handle(request, response)).listen(Number(port), '127.0.0.1');
