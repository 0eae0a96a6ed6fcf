/** What the server may do in a workspace that the user does not trust. */

import { OWN_COMMANDS } from './protocol';

/** Returns what the server is started with. Without trust it reads policies only, and starts no process. */
export function initializationOptions(settings: object | undefined, trusted: boolean): object {
  return { ...settings, trusted, commands: OWN_COMMANDS };
}

interface Trust {
  isTrusted: boolean;
  onDidGrantWorkspaceTrust: (listener: () => void) => { dispose(): unknown };
}

/** Starts the server again when the user grants trust: until then it runs without. */
export function restartWhenTrusted(workspace: Trust, restart: () => Promise<void>): { dispose(): unknown } {
  return workspace.onDidGrantWorkspaceTrust(() => {
    void restart();
  });
}
