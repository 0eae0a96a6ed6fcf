/** The tagpol extension: starts the server, and shows what the protocol has no place for. */

import * as vscode from 'vscode';

import { registerCommands } from './commands';
import { Documents } from './documents';
import { manifestLanguage } from './manifest';
import { Session } from './session';
import { StatusItem } from './status';
import { registerTasks } from './tasks';
import { Tests } from './testing';
import { restartWhenTrusted } from './trust';

let session: Session | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const started = new Session(context.extensionPath);
  session = started;
  const documents = new Documents();
  context.subscriptions.push(
    started,
    documents,
    new StatusItem(started),
    new Tests(started),
    registerCommands(started, documents),
    registerTasks(started),
    manifestLanguage(),
    restartWhenTrusted(vscode.workspace, () => started.restart()),
  );
  await started.start();
}

export function deactivate(): Promise<void> | undefined {
  return session?.stop();
}
