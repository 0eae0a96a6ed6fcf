import assert from 'node:assert/strict';
import { test } from 'node:test';

import { groups, longest, projectOf } from '../src/projects';

test('a file belongs to the nearest manifest upwards', () => {
  const manifests = ['file:///w/tagpol.toml', 'file:///w/shop/tagpol.toml'];
  assert.equal(projectOf('file:///w/shop/policies/a.tagpol', manifests, []), 'file:///w/shop');
  assert.equal(projectOf('file:///w/shopping/a.tagpol', manifests, []), 'file:///w');
});

test('without a manifest it belongs to the folder that is open, or to itself', () => {
  assert.equal(projectOf('file:///w/a.tagpol', [], ['file:///w']), 'file:///w');
  assert.equal(projectOf('file:///x/a.tagpol', [], ['file:///w']), 'file:///x/a.tagpol');
});

test('a folder with a stroke at its end is the same folder', () => {
  assert.equal(longest('file:///w/a', ['file:///w/']), 'file:///w/');
});

test('groups keep the order of things', () => {
  const found = groups(['ab', 'c', 'ad'], (word) => word.slice(0, 1));
  assert.deepEqual([...found], [['a', ['ab', 'ad']], ['c', ['c']]]);
});
