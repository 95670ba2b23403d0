export { type ParsedDash, type ParsedHls, parseDash, parseHls } from '../../src/main/verify/manifest-parsers.ts';
