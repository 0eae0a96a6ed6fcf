/** The command lines of tasks. */

/** As `taskDefinitions` of package.json declares it. */
export interface Definition {
  type: 'tagpol';
  command: string;
  project?: string;
  arguments?: string[];
}

/** Returns the arguments of the program. Problems are found in lines, which `check` prints on request. */
export function argumentsOf({ command, project, arguments: others }: Definition): string[] {
  const lines = command === 'check' ? ['--format', 'short'] : [];
  return [command, project ?? '.', ...lines, ...(others ?? [])];
}
