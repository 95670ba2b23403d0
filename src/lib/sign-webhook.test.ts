import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WEBHOOK_SECRET, webhookHeaders } from './sign-webhook.ts';

test('a message is signed as the test of the specification has it', () => {
  const message = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestampSeconds: 1614265330, body: '{"test": 2432232314}' };
  assert.deepEqual(webhookHeaders(message, 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'), {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

test('a secret is base64 of 24 to 64 bytes behind its mark', () => {
  const secretOf = (bytes: number): string => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;
  for (const bytes of [24, 25, 26, 32, 63, 64]) assert.match(secretOf(bytes), WEBHOOK_SECRET, String(bytes));
  for (const bytes of [0, 8, 23, 65, 96]) assert.doesNotMatch(secretOf(bytes), WEBHOOK_SECRET, String(bytes));
  for (const text of [secretOf(32).slice(6), `${secretOf(32)}=`, `${secretOf(24)}x`, secretOf(32).replace('B', '!')])
    assert.doesNotMatch(text, WEBHOOK_SECRET, text);
});
