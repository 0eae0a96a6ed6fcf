import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Evaluation, Snapshot, Status } from '../src/protocol';
import { choice, evaluation, money, statusBar, statusDetails, tested, time } from '../src/words';

const SNAPSHOT: Snapshot = {
  id: '20261101T093000Z-ab12',
  path: '/p/.tagpol/snapshots/20261101T093000Z-ab12',
  takenAt: '2026-11-01T09:30:00Z',
  resources: 1204,
  monthlyCost: 4120.4,
  currency: 'USD',
  inUse: true,
  problem: null,
};

const READY: Status = { project: 'file:///p', state: 'ready', snapshot: SNAPSHOT, chosenBy: 'newest', message: null };

const CLEAN: Evaluation = {
  snapshot: SNAPSHOT.id,
  now: '2026-11-02T00:00:00Z',
  resources: 1,
  compliant: 1,
  score: 1,
  open: { critical: 0, high: 0, medium: 0, low: 0 },
  pending: 0,
  exempt: 0,
  cost: 10,
  costInViolation: 0,
  currency: 'USD',
};

test('the status bar tells the snapshot, and whether numbers are on their way', () => {
  assert.equal(statusBar(READY), '$(database) 2026-11-01 09:30');
  assert.equal(statusBar({ ...READY, state: 'computing' }), '$(sync~spin) 2026-11-01 09:30');
  assert.equal(statusBar({ ...READY, state: 'failed' }), '$(warning) 2026-11-01 09:30');
  assert.equal(statusBar({ ...READY, state: 'none', snapshot: null }), '$(database) no snapshot');
  assert.equal(statusBar(undefined), '$(database) tagpol');
});

test('the details tell where numbers come from, and what is wrong', () => {
  assert.equal(
    statusDetails(READY),
    'Numbers are up to date\n\nSnapshot `20261101T093000Z-ab12` of 2026-11-01 09:30 UTC\n\n' +
      '1,204 resources · USD 4,120 a month\n\nThe newest of the project',
  );
  const failed: Status = { project: null, state: 'failed', snapshot: null, chosenBy: null, message: 'it is damaged' };
  assert.equal(statusDetails(failed), 'The inventory cannot be read\n\nit is damaged');
});

test('an evaluation is told in one line', () => {
  assert.equal(evaluation(CLEAN), '1 resource, 1 compliant · no open findings');
  const found = { ...CLEAN, resources: 31, compliant: 7, open: { critical: 20, high: 0, medium: 2, low: 0 }, costInViolation: 812.5 };
  assert.equal(
    evaluation(found),
    '31 resources, 7 compliant · 22 open findings (20 critical, 2 medium) · USD 813 a month in violation',
  );
});

test('small amounts have their cents', () => {
  assert.equal(money(0.5, 'EUR'), 'EUR 0.50');
  assert.equal(money(0, 'EUR'), 'EUR 0');
  assert.equal(money(1234567, null), '1,234,567');
  assert.equal(money(null, 'EUR'), undefined);
});

test('what is no time is shown as it is', () => {
  assert.equal(time('yesterday'), 'yesterday');
});

test('a resource is chosen by its name, or by its id where it has none', () => {
  const resource = { id: 'arn:1', name: null, type: 'rds:db', provider: 'aws', account: null, region: 'eu-west-1', monthlyCost: null };
  assert.deepEqual(choice(resource), { label: 'arn:1', description: 'rds:db · aws · eu-west-1', detail: 'arn:1' });
  assert.equal(choice({ ...resource, monthlyCost: 106.2 }).detail, 'arn:1 · 106 a month');
});

test('tests that failed are counted', () => {
  const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
  const passed = { name: 'a', uri: 'file:///a', range, outcome: 'passed' as const, failures: [] };
  assert.equal(tested([passed]), '1 test passed');
  assert.equal(tested([passed, { ...passed, outcome: 'failed' }]), '1 of 2 tests failed');
});
