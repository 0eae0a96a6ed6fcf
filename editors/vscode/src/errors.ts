/** Why the server does not answer. */

const METHOD_NOT_FOUND = -32601;
const CANCELLED = -32800;

/** Whether an answer was given up, so that nobody waits for it. */
export function isCancelled(error: unknown): boolean {
  return code(error) === CANCELLED;
}

/** Returns why a question has no answer, for people. */
export function reason(method: string, error: unknown): string {
  if (code(error) === METHOD_NOT_FOUND) {
    return `This version of tagpol does not support ${method}: install a newer version.`;
  }
  return `tagpol: ${error instanceof Error ? error.message : String(error)}`;
}

/** The number of an error of the protocol. */
function code(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
