import { randomBytes } from 'node:crypto';
import { shortIdFrom, type VideoId } from '../../src/domain/ids.ts';

export const newVideoId = (): VideoId => shortIdFrom(randomBytes(10)) as VideoId;
