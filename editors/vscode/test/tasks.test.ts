/** The tasks, and the lines in which their problems are found. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { argumentsOf } from '../src/commandLine';
import { binary } from './process';

interface Pattern {
  regexp: string;
  [part: string]: string | number;
}

const { contributes } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  contributes: {
    problemMatchers: { pattern: Pattern }[];
    taskDefinitions: { properties: { command: { enum: string[] } } }[];
  };
};

test('each line of a check is a problem at its place', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tagpol-task-'));
  writeFileSync(
    join(folder, 'a.tagpol'),
    'tag x: nmber\ntag y: one of [a, b]\npolicy p {\n  severity high\n  for resource where y == a and y == b\n  require y\n}\n',
  );
  let printed = '';
  try {
    execFileSync(binary(), argumentsOf({ type: 'tagpol', command: 'check' }), { cwd: folder, stdio: 'pipe' });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: Buffer; stderr: Buffer };
    printed = `${stdout.toString()}${stderr.toString()}`;
  }
  const [{ pattern } = { pattern: { regexp: '' } }] = contributes.problemMatchers;
  const problems = printed.split('\n').flatMap((line) => {
    const match = new RegExp(pattern.regexp).exec(line);
    const part = (name: string): string => match?.[pattern[name] as number] ?? '';
    return match === null ? [] : [['file', 'line', 'column', 'severity', 'code'].map(part).join(' ')];
  });
  assert.deepEqual(problems, ['a.tagpol 1 8 error E0021', 'a.tagpol 5 22 warning L0005'], printed);
});

test('the commands of tasks are those of the program', () => {
  for (const command of contributes.taskDefinitions[0]?.properties.command.enum ?? []) {
    const arguments_ = argumentsOf({ type: 'tagpol', command, arguments: ['--help'] });
    assert.match(execFileSync(binary(), arguments_).toString(), /Usage: tagpol/);
  }
});
