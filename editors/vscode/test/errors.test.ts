import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isCancelled, reason } from '../src/errors';

const withCode = (code: number, message: string): Error => Object.assign(new Error(message), { code });

test('an older server is told to be one', () => {
  assert.equal(
    reason('tagpol/showSql', withCode(-32601, 'Method not found')),
    'This version of tagpol does not support tagpol/showSql: install a newer version.',
  );
});

test('other errors are told in the words of the server', () => {
  assert.equal(reason('tagpol/showSql', withCode(-32803, 'no snapshot')), 'tagpol: no snapshot');
  assert.equal(reason('tagpol/showSql', 'gone'), 'tagpol: gone');
});

test('nobody is told of what was cancelled', () => {
  assert.ok(isCancelled(withCode(-32800, '')));
  assert.ok(!isCancelled(new Error('x')));
  assert.ok(!isCancelled(undefined));
});
