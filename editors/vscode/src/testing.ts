/** `test` blocks in the Test Explorer. */

import * as vscode from 'vscode';

import { reason } from './errors';
import { groups, projectOf } from './projects';
import type { Test, TestResult } from './protocol';
import type { Session } from './session';
import { tested } from './words';

/** Milliseconds without an edit after which the tests of a file are asked for. */
const PAUSE = 500;

/** The tests of a file stand below it; the id of one is its name, and that of the file its URI. */
export class Tests implements vscode.Disposable {
  private readonly controller = vscode.tests.createTestController('tagpol', 'tagpol');
  private readonly subscriptions: { dispose(): unknown }[];
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly profile: vscode.TestRunProfile;

  constructor(private readonly session: Session) {
    this.controller.refreshHandler = () => this.refresh();
    this.profile = this.controller.createRunProfile(
      'Run',
      vscode.TestRunProfileKind.Run,
      (request, token) => this.run(request, token).then(() => undefined),
      true,
    );
    const watcher = vscode.workspace.createFileSystemWatcher('**/*.tagpol');
    this.subscriptions = [
      this.controller,
      this.profile,
      watcher,
      session.onStart(() => void this.refresh()),
      watcher.onDidCreate((uri) => {
        this.later(uri);
      }),
      watcher.onDidChange((uri) => {
        this.later(uri);
      }),
      watcher.onDidDelete((uri) => {
        this.controller.items.delete(uri.toString());
      }),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (document.languageId === 'tagpol' && contentChanges.length > 0) {
          this.later(document.uri);
        }
      }),
      vscode.commands.registerCommand('tagpol.runTest', (uri?: string, name?: string) => this.runOne(uri, name)),
    ];
  }

  dispose(): void {
    this.timers.forEach((timer) => {
      clearTimeout(timer);
    });
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  /** Asks for all tests there are. A server that cannot tell them has none. */
  private async refresh(): Promise<void> {
    const tests = await this.list({});
    const files = groups(tests, (test) => test.uri);
    this.controller.items.replace([...files].map(([uri, own]) => this.file(uri, own)));
  }

  private later(uri: vscode.Uri): void {
    const key = uri.toString();
    clearTimeout(this.timers.get(key));
    this.timers.set(key, setTimeout(() => void this.refreshFile(key), PAUSE));
  }

  private async refreshFile(uri: string): Promise<void> {
    this.timers.delete(uri);
    const tests = (await this.list({ uri })).filter((test) => sameFile(test.uri, uri));
    if (tests.length === 0) {
      this.controller.items.delete(uri);
      return;
    }
    const known = this.controller.items.get(uri);
    if (known === undefined) {
      this.controller.items.add(this.file(uri, tests));
    } else {
      this.update(known, tests);
    }
  }

  private async list(params: { uri?: string }): Promise<Test[]> {
    try {
      return (await this.session.askQuietly('tagpol/listTests', params))?.tests ?? [];
    } catch (error) {
      this.session.output.warn(reason('tagpol/listTests', error));
      return [];
    }
  }

  private file(uri: string, tests: readonly Test[]): vscode.TestItem {
    const parsed = vscode.Uri.parse(uri);
    const item = this.controller.createTestItem(parsed.toString(), vscode.workspace.asRelativePath(parsed), parsed);
    this.update(item, tests);
    return item;
  }

  /** Items that stay keep their results. */
  private update(file: vscode.TestItem, tests: readonly Test[]): void {
    const items = tests.map((test) => {
      const item = file.children.get(test.name) ?? this.controller.createTestItem(test.name, test.name, file.uri);
      item.range = range(test.range);
      return item;
    });
    file.children.replace(items);
  }

  /** Runs the test of a lens, or the one that the cursor is in. */
  private async runOne(uri?: string, name?: string): Promise<void> {
    const item = uri === undefined || name === undefined ? this.atCursor() : await this.find(uri, name);
    if (item === undefined) {
      void vscode.window.showInformationMessage('There is no test here.');
      return;
    }
    const results = await this.run(new vscode.TestRunRequest([item], undefined, this.profile));
    if (results.length > 0) {
      vscode.window.setStatusBarMessage(`tagpol: ${tested(results)}`, 5000);
    }
  }

  private async find(uri: string, name: string): Promise<vscode.TestItem | undefined> {
    const key = vscode.Uri.parse(uri).toString();
    if (this.controller.items.get(key)?.children.get(name) === undefined) {
      await this.refreshFile(key);
    }
    return this.controller.items.get(key)?.children.get(name);
  }

  private atCursor(): vscode.TestItem | undefined {
    const editor = vscode.window.activeTextEditor;
    const file = editor && this.controller.items.get(editor.document.uri.toString());
    const tests = file === undefined ? [] : children(file);
    return tests.find((test) => editor !== undefined && test.range?.contains(editor.selection.active));
  }

  private async run(request: vscode.TestRunRequest, token?: vscode.CancellationToken): Promise<TestResult[]> {
    const run = this.controller.createTestRun(request);
    const tests = this.wanted(request);
    tests.forEach((test) => {
      run.enqueued(test);
    });
    const manifests = (await vscode.workspace.findFiles('**/tagpol.toml')).map((uri) => uri.toString());
    const folders = (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.toString());
    const projects = groups(tests, (test) => projectOf(fileOf(test), manifests, folders));
    const results: TestResult[] = [];
    for (const own of projects.values()) {
      results.push(...(await this.runProject(run, own, token)));
    }
    if (results.length > 0) {
      run.appendOutput(`${tested(results)}\r\n`);
    }
    run.end();
    return results;
  }

  /** The tests of one project are one request, so that it is read once. */
  private async runProject(
    run: vscode.TestRun,
    tests: readonly vscode.TestItem[],
    token?: vscode.CancellationToken,
  ): Promise<TestResult[]> {
    const names = tests.map((test) => ({ uri: fileOf(test), name: test.id }));
    tests.forEach((test) => {
      run.started(test);
    });
    try {
      const answer = await this.session.askQuietly('tagpol/runTests', { uri: names[0]?.uri, tests: names }, token);
      const results = answer?.results ?? [];
      tests.forEach((test) => {
        report(run, test, results.find((result) => result.name === test.id && sameFile(result.uri, fileOf(test))));
      });
      return results;
    } catch (error) {
      const message = new vscode.TestMessage(reason('tagpol/runTests', error));
      tests.forEach((test) => {
        run.errored(test, message);
      });
      return [];
    }
  }

  private wanted(request: vscode.TestRunRequest): vscode.TestItem[] {
    const chosen = request.include ?? collect(this.controller.items);
    const tests = chosen.flatMap((item) => (item.parent === undefined ? children(item) : [item]));
    const excluded = new Set(request.exclude);
    return tests.filter((test) => !excluded.has(test) && !(test.parent && excluded.has(test.parent)));
  }
}

function report(run: vscode.TestRun, test: vscode.TestItem, result: TestResult | undefined): void {
  if (result === undefined) {
    run.skipped(test);
  } else if (result.outcome === 'passed') {
    run.passed(test);
  } else {
    run.failed(test, result.failures.map((failure) => message(test, failure)));
  }
  result?.failures.forEach((failure) => {
    run.appendOutput(`${test.label}: ${failure.message.replace(/\n/g, '\r\n')}\r\n`, undefined, test);
  });
}

function message(test: vscode.TestItem, failure: TestResult['failures'][number]): vscode.TestMessage {
  const found = new vscode.TestMessage(failure.message);
  if (test.uri !== undefined) {
    found.location = new vscode.Location(test.uri, range(failure.range));
  }
  return found;
}

/** Positions count as those of the editor do: the client offers no other encoding. */
function range({ start, end }: Test['range']): vscode.Range {
  return new vscode.Range(start.line, start.character, end.line, end.character);
}

function fileOf(test: vscode.TestItem): string {
  return test.uri?.toString() ?? '';
}

/** Two programs write a URI in two ways: `file:///c%3A/` and `file:///C:/`. */
function sameFile(a: string, b: string): boolean {
  return vscode.Uri.parse(a).toString() === vscode.Uri.parse(b).toString();
}

function children(item: vscode.TestItem): vscode.TestItem[] {
  return collect(item.children);
}

function collect(items: vscode.TestItemCollection): vscode.TestItem[] {
  const found: vscode.TestItem[] = [];
  items.forEach((item) => found.push(item));
  return found;
}
