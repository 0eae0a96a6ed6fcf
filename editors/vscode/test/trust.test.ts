/** Workspaces that the user does not trust. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'node:test';

import { OWN_COMMANDS } from '../src/protocol';
import { initializationOptions, restartWhenTrusted } from '../src/trust';
import { Server } from './process';
import { EventEmitter } from './vscode';

interface Manifest {
  capabilities: {
    untrustedWorkspaces: { supported: unknown; description: string; restrictedConfigurations: string[] };
  };
  contributes: { configuration: { properties: Record<string, { scope: string }> } };
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const { untrustedWorkspaces } = manifest.capabilities;

test('settings that choose a program, an inventory or its evaluation need trust', () => {
  assert.equal(untrustedWorkspaces.supported, 'limited');
  assert.ok(untrustedWorkspaces.description.length > 0);
  const { properties } = manifest.contributes.configuration;
  const choosing = Object.keys(properties).filter((name) => /\.(server|inventory|findings)\./.test(name));
  // What is written of the messages chooses nothing.
  const expected = choosing.filter((name) => name !== 'tagpol.trace.server');
  assert.deepEqual([...untrustedWorkspaces.restrictedConfigurations].sort(), expected.sort());
  assert.equal(properties['tagpol.server.path']?.scope, 'machine');
});

test('the server is told whether the workspace is trusted, whatever its settings are', () => {
  const options = initializationOptions({ trusted: true, hints: { types: false } }, false);
  assert.deepEqual(options, { hints: { types: false }, trusted: false, commands: OWN_COMMANDS });
  assert.deepEqual(initializationOptions(undefined, true), { trusted: true, commands: OWN_COMMANDS });
});

test('the server starts anew when trust is granted, and not before', () => {
  const granted = new EventEmitter<void>();
  let restarts = 0;
  const restart = (): Promise<void> => {
    restarts += 1;
    return Promise.resolve();
  };
  const subscription = restartWhenTrusted({ isTrusted: false, onDidGrantWorkspaceTrust: granted.event }, restart);
  assert.equal(restarts, 0);
  granted.fire();
  assert.equal(restarts, 1);
  subscription.dispose();
  granted.fire();
  assert.equal(restarts, 1);
});

test('without trust policies are checked, and nothing is run', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tagpol-trust-'));
  writeFileSync(join(folder, 'tagpol.toml'), 'inventory = ["resources.csv"]\n');
  writeFileSync(join(folder, 'resources.csv'), 'id,provider\nr-1,aws\n');
  mkdirSync(join(folder, 'policies'));
  const server = new Server(folder, initializationOptions({}, false));
  await server.start();
  try {
    const uri = await server.open('tag owner: txt\n\ntest "t" {\n  resource { }\n}\n');
    assert.ok((await server.diagnostics(uri)).length > 0);
    const requests: [string, object][] = [
      ['tagpol/evaluate', {}],
      ['tagpol/listSnapshots', {}],
      ['tagpol/chooseSnapshot', { snapshot: '/etc' }],
      ['tagpol/restartWorker', {}],
      ['tagpol/violations', { uri, policy: 'p' }],
      ['tagpol/findResources', { query: '' }],
      ['tagpol/explainResource', { resource: 'r-1' }],
      ['tagpol/showSql', {}],
      ['tagpol/runTests', { uri: pathToFileURL(folder).href }],
    ];
    for (const [method, params] of requests) {
      await assert.rejects(server.connection.sendRequest(method, params), /not trusted/, method);
    }
    const lenses = await server.connection.sendRequest('textDocument/codeLens', { textDocument: { uri } });
    assert.deepEqual(lenses, []);
  } finally {
    await server.stop();
  }
});
