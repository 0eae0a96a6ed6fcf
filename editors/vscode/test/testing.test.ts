/** The Test Explorer, on a server that answers as configured. */

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import type { Test, TestResult } from '../src/protocol';
import type { Session } from '../src/session';
import { Tests } from '../src/testing';
import * as vscode from './vscode';

const range = (line: number): Test['range'] => ({ start: { line, character: 0 }, end: { line, character: 9 } });
const named = (uri: string, name: string, line = 0): Test => ({ name, uri, range: range(line), selectionRange: range(line) });

const A = 'file:///w/a.tagpol';
const B = 'file:///w/sub/b.tagpol';

let listed: Test[];
let asked: [string, unknown][];
let fail: Error | undefined;
let tests: Tests | undefined;
let controller: vscode.TestController;

/** A server whose test `bad` fails. */
function answer(method: string, params: { uri?: string; tests?: { uri: string; name: string }[] }): unknown {
  asked.push([method, params]);
  if (fail !== undefined) {
    throw fail;
  }
  if (method === 'tagpol/listTests') {
    return { tests: listed.filter((test) => params.uri === undefined || test.uri === params.uri) };
  }
  const results: TestResult[] = (params.tests ?? []).map(({ uri, name }) => ({
    name,
    uri,
    range: range(0),
    outcome: name === 'bad' ? 'failed' : 'passed',
    failures: name === 'bad' ? [{ message: 'owner is missing', range: range(4) }] : [],
  }));
  return { results };
}

beforeEach(() => {
  listed = [named(A, 'good'), named(A, 'bad', 3), named(B, 'other')];
  asked = [];
  fail = undefined;
  vscode.reported.length = 0;
  vscode.messages.length = 0;
  vscode.manifests.splice(0, vscode.manifests.length, 'file:///w/tagpol.toml', 'file:///w/sub/tagpol.toml');
});

afterEach(() => {
  tests?.dispose();
});

async function started(): Promise<void> {
  const start = new vscode.EventEmitter<undefined>();
  const session = {
    onStart: start.event,
    output: { warn: (message: string) => vscode.messages.push(message) },
    // eslint-disable-next-line @typescript-eslint/require-await -- a failure is one of the promise
    askQuietly: async (method: string, params: object) => answer(method, params),
  };
  tests = new Tests(session as unknown as Session);
  controller = vscode.controllers.at(-1) ?? assert.fail();
  start.fire(undefined);
  await settled();
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What the explorer shows. */
function shown(): Record<string, string[]> {
  const files: Record<string, string[]> = {};
  controller.items.forEach((file) => {
    files[file.label] = [];
    file.children.forEach((item) => files[file.label]?.push(item.label));
  });
  return files;
}

test('tests stand below their files', async () => {
  await started();
  assert.deepEqual(shown(), { 'a.tagpol': ['good', 'bad'], 'sub/b.tagpol': ['other'] });
});

test('each project is asked once, and failures point at their lines', async () => {
  await started();
  asked = [];
  await controller.runHandler?.(new vscode.TestRunRequest());
  assert.deepEqual(asked, [
    ['tagpol/runTests', { uri: A, tests: [{ uri: A, name: 'good' }, { uri: A, name: 'bad' }] }],
    ['tagpol/runTests', { uri: B, tests: [{ uri: B, name: 'other' }] }],
  ]);
  assert.deepEqual(vscode.reported, ['passed good', 'failed bad: owner is missing at line 4', 'passed other', 'end']);
});

test('what is excluded does not run', async () => {
  await started();
  const file = controller.items.get(A);
  const bad = file?.children.get('bad');
  assert.ok(file && bad);
  await controller.runHandler?.(new vscode.TestRunRequest([file], [bad]));
  assert.deepEqual(vscode.reported, ['passed good', 'end']);
});

test('a lens runs its test, also one that was written just now', async () => {
  await started();
  listed.push(named(A, 'new'));
  await vscode.commandsByName.get('tagpol.runTest')?.(A, 'new');
  assert.deepEqual(vscode.reported, ['passed new', 'end']);
  assert.deepEqual(vscode.messages, ['tagpol: 1 test passed']);
});

test('a test that is no more there is told', async () => {
  await started();
  await vscode.commandsByName.get('tagpol.runTest')?.(A, 'gone');
  assert.deepEqual(vscode.messages, ['There is no test here.']);
});

test('a server that fails leaves no test waiting', async () => {
  await started();
  fail = new Error('the engine is missing');
  await controller.runHandler?.(new vscode.TestRunRequest());
  const wrong = 'tagpol: the engine is missing';
  assert.deepEqual(vscode.reported, [`errored good: ${wrong}`, `errored bad: ${wrong}`, `errored other: ${wrong}`, 'end']);
});

test('an older server has no tests, and is told in the log', async () => {
  fail = Object.assign(new Error('Method not found'), { code: -32601 });
  await started();
  assert.deepEqual(shown(), {});
  assert.deepEqual(vscode.messages, ['This version of tagpol does not support tagpol/listTests: install a newer version.']);
});

test('a deleted file takes its tests along', async () => {
  await started();
  vscode.deleted.fire(vscode.Uri.parse(A));
  assert.deepEqual(shown(), { 'sub/b.tagpol': ['other'] });
});

test('an edit is followed after a pause', async (context) => {
  await started();
  context.mock.timers.enable({ apis: ['setTimeout'] });
  listed = [named(A, 'renamed')];
  const document = { languageId: 'tagpol', uri: vscode.Uri.parse(A) };
  vscode.edited.fire({ document, contentChanges: [{}] });
  vscode.edited.fire({ document, contentChanges: [{}] });
  asked = [];
  context.mock.timers.tick(500);
  await settled();
  assert.deepEqual(asked, [['tagpol/listTests', { uri: A }]]);
  assert.deepEqual(shown()['a.tagpol'], ['renamed']);
});
