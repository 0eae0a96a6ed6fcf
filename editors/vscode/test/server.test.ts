import assert from 'node:assert/strict';
import { test } from 'node:test';

import { findServer, type Surroundings } from '../src/server';

const files = ['/opt/bin/tagpol', '/usr/bin/tagpol', '/home/me/.cargo/bin/tagpol'];

const around: Surroundings = {
  setting: '',
  extension: '/extensions/tagpol',
  path: '/bin:/opt/bin:/usr/bin',
  home: '/home/me',
  platform: 'linux',
  isFile: (path) => files.includes(path),
};

test('the setting is taken as it is, whether there is such a file or not', () => {
  assert.equal(findServer({ ...around, setting: '/srv/tagpol' }), '/srv/tagpol');
  assert.equal(findServer({ ...around, setting: ' ~/bin/tagpol ' }), '/home/me/bin/tagpol');
});

test('without a setting it is the first on the path', () => {
  assert.equal(findServer(around), '/opt/bin/tagpol');
});

test('the program of the extension comes before the path, and after the setting', () => {
  const inside = '/extensions/tagpol/server/bin/tagpol';
  const isFile = (path: string): boolean => path === inside || files.includes(path);
  assert.equal(findServer({ ...around, isFile }), inside);
  assert.equal(findServer({ ...around, isFile, setting: '/srv/tagpol' }), '/srv/tagpol');
});

test('what cargo has installed needs no path', () => {
  assert.equal(findServer({ ...around, path: '' }), '/home/me/.cargo/bin/tagpol');
});

test('a part of the path that is empty or relative is not the folder that one happens to be in', () => {
  const isFile = (path: string): boolean => path === 'tagpol' || path === 'bin/tagpol' || path === './tagpol';
  assert.equal(findServer({ ...around, path: ':.:bin', home: '/nobody', isFile }), undefined);
});
