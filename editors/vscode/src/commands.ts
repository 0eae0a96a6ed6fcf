/** What a person can ask for, but tests. */

import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import { promisify } from 'node:util';

import * as vscode from 'vscode';

import type { Documents } from './documents';
import type { Resource, Snapshot } from './protocol';
import type { Session } from './session';
import { choice, count, counted, evaluation, size, time } from './words';

/** Milliseconds without a key pressed after which a list of resources is asked for. */
const PAUSE = 150;

export function registerCommands(session: Session, documents: Documents): vscode.Disposable {
  const register = (name: string, run: (...args: never[]) => unknown): vscode.Disposable =>
    vscode.commands.registerCommand(name, run);
  return vscode.Disposable.from(
    register('tagpol.newProject', () => newProject(session)),
    register('tagpol.evaluateWorkspace', (uri?: unknown) => evaluate(session, named(uri))),
    register('tagpol.clearFindings', (uri?: unknown) => session.ask('tagpol/clearFindings', project(named(uri)))),
    register('tagpol.explainResource', () => explain(session, documents)),
    register('tagpol.showViolations', (uri?: string, policy?: string) => violations(session, documents, uri, policy)),
    register('tagpol.showSql', () => showSql(session, documents)),
    register('tagpol.chooseSnapshot', () => chooseSnapshot(session)),
    register('tagpol.restart', () => session.restart()),
    register('tagpol.showOutput', () => {
      session.output.show();
    }),
  );
}

/** A URI that a lens or a person names; buttons give an object, which is none. */
function named(uri: unknown): string | undefined {
  return typeof uri === 'string' ? uri : undefined;
}

/** The project that is meant: that of a file, else of the one that is edited. */
function project(uri?: string): { uri?: string } {
  const edited = vscode.window.activeTextEditor?.document;
  const meant = uri ?? (edited?.uri.scheme === 'file' ? edited.uri.toString() : undefined);
  return meant === undefined ? {} : { uri: meant };
}

/** Evaluates a project, or all there are. */
async function evaluate(session: Session, uri?: string): Promise<void> {
  const projects = uri === undefined ? [...session.projects] : [uri];
  const wanted = projects.length === 0 ? [project()] : projects.map((folder) => ({ uri: folder }));
  const lines = await withProgress('Evaluating policies', async (token) => {
    const lines: string[] = [];
    for (const params of wanted) {
      const found = await session.ask('tagpol/evaluate', params, token);
      if (found !== undefined) {
        lines.push(wanted.length > 1 ? `${basename(params.uri ?? '')}: ${evaluation(found)}` : evaluation(found));
      }
    }
    return lines;
  });
  const problems = 'Show Problems';
  if (lines.length > 0 && (await vscode.window.showInformationMessage(lines.join('; '), problems)) === problems) {
    await vscode.commands.executeCommand('workbench.actions.view.problems');
  }
}

/** Makes a project with an example in a folder that the user chooses, and opens it. */
async function newProject(session: Session): Promise<void> {
  const [folder] =
    (await vscode.window.showOpenDialog({
      canSelectFiles: false,
      canSelectFolders: true,
      openLabel: 'Create Project Here',
      title: 'An empty folder for the project',
    })) ?? [];
  const program = folder === undefined ? undefined : session.program();
  if (folder === undefined || program === undefined) {
    return;
  }
  try {
    await promisify(execFile)(program, ['init', folder.fsPath]);
  } catch (error) {
    const text = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    void vscode.window.showErrorMessage(text.trim());
    return;
  }
  const isOpen = vscode.workspace.getWorkspaceFolder(folder) !== undefined;
  await (isOpen ? session.restart() : vscode.commands.executeCommand('vscode.openFolder', folder));
}

async function showSql(session: Session, documents: Documents): Promise<void> {
  const answer = await session.ask('tagpol/showSql', project());
  if (answer !== undefined) {
    await documents.show('policies.sql', answer.sql);
  }
}

async function chooseSnapshot(session: Session): Promise<void> {
  const answer = await session.ask('tagpol/listSnapshots', project());
  if (answer === undefined) {
    return;
  }
  const automatic = { label: '$(history) From the settings or tagpol.toml, else the newest', snapshot: null };
  const items = [automatic, ...answer.snapshots.map(snapshotItem)];
  const chosen = await vscode.window.showQuickPick(items, {
    title: 'Snapshot for the numbers',
    placeHolder: answer.snapshots.length === 0 ? 'This project has no snapshot: run `tagpol snapshot import`' : undefined,
  });
  if (chosen !== undefined) {
    await session.ask('tagpol/chooseSnapshot', { ...project(), snapshot: chosen.snapshot });
  }
}

function snapshotItem(snapshot: Snapshot): vscode.QuickPickItem & { snapshot: string } {
  return {
    label: `${snapshot.inUse ? '$(check) ' : ''}${time(snapshot.takenAt)}`,
    description: size(snapshot),
    detail: snapshot.problem ?? snapshot.id,
    snapshot: snapshot.id,
  };
}

async function violations(session: Session, documents: Documents, uri?: string, policy?: string): Promise<void> {
  if (uri === undefined || policy === undefined) {
    void vscode.window.showInformationMessage('Click the numbers above a policy to show its findings.');
    return;
  }
  const found = await session.ask('tagpol/violations', { uri, policy });
  if (found === undefined) {
    return;
  }
  const items = found.resources.map((resource) => ({
    ...choice(resource),
    description: resource.checks.join(', '),
    resource,
  }));
  const title = `${policy}: ${count(found.violations)} of ${counted(found.inScope, 'resource')} fail`;
  const chosen = await vscode.window.showQuickPick(items, { title, matchOnDescription: true, matchOnDetail: true });
  if (chosen !== undefined) {
    await showExplanation(session, documents, uri, chosen.resource);
  }
}

async function explain(session: Session, documents: Documents): Promise<void> {
  const { uri } = project();
  const resource = await chooseResource(session, uri);
  if (resource !== undefined) {
    await showExplanation(session, documents, uri, resource);
  }
}

async function showExplanation(session: Session, documents: Documents, uri: string | undefined, resource: Resource): Promise<void> {
  const answer = await session.ask('tagpol/explainResource', { ...project(uri), resource: resource.id });
  if (answer !== undefined) {
    await documents.show(`${resource.name ?? answer.resource}.txt`, answer.text);
  }
}

/** A list of resources that is asked for again as a person types. */
function chooseResource(session: Session, uri: string | undefined): Promise<Resource | undefined> {
  type Item = vscode.QuickPickItem & { resource: Resource };
  const pick = vscode.window.createQuickPick<Item>();
  pick.title = 'Explain a resource';
  pick.placeholder = 'Id or name of the resource, or a part of it';
  let newest = 0;
  const fill = async (query: string): Promise<void> => {
    newest += 1;
    const own = newest;
    pick.busy = true;
    const answer = await session.ask('tagpol/findResources', { ...project(uri), query });
    if (own === newest) {
      // The server has searched already, in more than what the list shows.
      pick.items = (answer?.resources ?? []).map((resource) => ({ ...choice(resource), alwaysShow: true, resource }));
      pick.busy = false;
    }
  };
  let timer: NodeJS.Timeout | undefined;
  pick.onDidChangeValue((query) => {
    clearTimeout(timer);
    timer = setTimeout(() => void fill(query), PAUSE);
  });
  pick.show();
  void fill('');
  return new Promise((resolve) => {
    pick.onDidAccept(() => {
      resolve(pick.selectedItems[0]?.resource);
      pick.hide();
    });
    pick.onDidHide(() => {
      clearTimeout(timer);
      resolve(undefined);
      pick.dispose();
    });
  });
}

function withProgress<T>(title: string, run: (token: vscode.CancellationToken) => Promise<T>): Thenable<T> {
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return vscode.window.withProgress(options, (_, token) => run(token));
}
