/** Requests and notifications beyond the standard protocol: see lsp/README.md. Costs are per month. */

import type { Range } from 'vscode-languageclient';

export interface Snapshot {
  id: string;
  path: string;
  takenAt: string;
  resources: number;
  monthlyCost: number | null;
  currency: string | null;
  inUse: boolean;
  problem: string | null;
}

export type State = 'none' | 'starting' | 'computing' | 'ready' | 'failed';

export interface Status {
  /** The folder of the project, as a URI. */
  project: string | null;
  state: State;
  snapshot: Snapshot | null;
  chosenBy: 'client' | 'setting' | 'manifest' | 'newest' | null;
  /** For people: why there is none, what failed. */
  message: string | null;
}

export interface Evaluation {
  snapshot: string;
  now: string;
  resources: number;
  compliant: number;
  score: number | null;
  open: { critical: number; high: number; medium: number; low: number };
  pending: number;
  exempt: number;
  cost: number | null;
  costInViolation: number | null;
  currency: string | null;
}

export interface Resource {
  id: string;
  name: string | null;
  type: string | null;
  provider: string | null;
  account: string | null;
  region: string | null;
  monthlyCost: number | null;
}

export interface Violations {
  policy: string;
  inScope: number;
  violations: number;
  resources: (Resource & { checks: string[] })[];
}

export interface Explanation {
  resource: string;
  text: string;
}

export interface Test {
  name: string;
  uri: string;
  range: Range;
  selectionRange: Range;
}

export interface TestResult {
  name: string;
  uri: string;
  range: Range;
  outcome: 'passed' | 'failed';
  failures: { message: string; range: Range }[];
}

/** The requests: what each takes, and its answer. `uri` names any file or folder of the project meant. */
export interface Requests {
  'tagpol/listSnapshots': [{ uri?: string }, { snapshots: Snapshot[] }];
  'tagpol/chooseSnapshot': [{ uri?: string; snapshot: string | null }, Status];
  'tagpol/evaluate': [{ uri?: string }, Evaluation];
  'tagpol/clearFindings': [{ uri?: string }, null];
  'tagpol/violations': [{ uri: string; policy: string; limit?: number }, Violations];
  'tagpol/findResources': [{ uri?: string; query: string; limit?: number }, { resources: Resource[] }];
  'tagpol/explainResource': [{ uri?: string; resource: string }, Explanation];
  'tagpol/showSql': [{ uri?: string }, { sql: string }];
  'tagpol/listTests': [{ uri?: string }, { tests: Test[] }];
  'tagpol/runTests': [{ uri?: string; tests?: { uri: string; name: string }[] }, { results: TestResult[] }];
}

export type Method = keyof Requests;

/** The commands of lenses that this extension answers to itself. */
export const OWN_COMMANDS = [
  'tagpol.runTest',
  'tagpol.showViolations',
  'tagpol.evaluateWorkspace',
  'tagpol.clearFindings',
] as const;
