/** The tagpol extension: starts the server, and shows what the protocol has no place for. */

import type * as vscode from 'vscode';

import { registerCommands } from './commands';
import { Documents } from './documents';
import { Session } from './session';
import { StatusItem } from './status';
import { Tests } from './testing';

let session: Session | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  session = new Session();
  const documents = new Documents();
  context.subscriptions.push(
    session,
    documents,
    new StatusItem(session),
    new Tests(session),
    registerCommands(session, documents),
  );
  await session.start();
}

export function deactivate(): Promise<void> | undefined {
  return session?.stop();
}
