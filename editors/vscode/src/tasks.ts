/** Tasks that run the program in a terminal: check, test and evaluate a project. */

import { dirname, relative } from 'node:path';
import * as vscode from 'vscode';

import { argumentsOf, type Definition } from './commandLine';
import type { Session } from './session';

const COMMANDS = ['check', 'test', 'eval'];

export function registerTasks(session: Session): vscode.Disposable {
  return vscode.tasks.registerTaskProvider('tagpol', {
    provideTasks: async () => {
      const program = session.installed;
      const manifests = await vscode.workspace.findFiles('**/tagpol.toml', '**/{node_modules,vendor}/**', 50);
      return program === undefined ? [] : manifests.flatMap((manifest) => tasksOf(program, manifest));
    },
    // A task of tasks.json, which has its definition only.
    resolveTask: (task) => {
      const program = session.installed;
      const folder = typeof task.scope === 'object' ? task.scope : vscode.workspace.workspaceFolders?.[0];
      return program === undefined || folder === undefined ? undefined : made(program, folder, task.definition as Definition);
    },
  });
}

function tasksOf(program: string, manifest: vscode.Uri): vscode.Task[] {
  const folder = vscode.workspace.getWorkspaceFolder(manifest);
  if (folder === undefined) {
    return [];
  }
  const project = relative(folder.uri.fsPath, dirname(manifest.fsPath)) || '.';
  return COMMANDS.map((command) => made(program, folder, { type: 'tagpol', command, project }));
}

function made(program: string, folder: vscode.WorkspaceFolder, definition: Definition): vscode.Task {
  const project = definition.project ?? '.';
  const name = project === '.' ? definition.command : `${definition.command} ${project}`;
  const execution = new vscode.ProcessExecution(program, argumentsOf(definition), { cwd: folder.uri.fsPath });
  const task = new vscode.Task(definition, folder, name, 'tagpol', execution, definition.command === 'check' ? ['$tagpol'] : []);
  const group = { check: vscode.TaskGroup.Build, test: vscode.TaskGroup.Test }[definition.command];
  if (group !== undefined) {
    task.group = group;
  }
  return task;
}
