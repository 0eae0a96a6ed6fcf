/** The texts that people read, from what the server tells. */

import type { Evaluation, Resource, Snapshot, Status, TestResult } from './protocol';

const LANGUAGE = 'en-GB';

export function count(number: number): string {
  return number.toLocaleString(LANGUAGE);
}

/** `2 findings`, `1 finding`. */
export function counted(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/** `USD 4,120`, or undefined if there is no cost. */
export function money(amount: number | null, currency: string | null): string | undefined {
  if (amount === null) {
    return undefined;
  }
  const digits = amount !== 0 && Math.abs(amount) < 100 ? 2 : 0;
  const text = amount.toLocaleString(LANGUAGE, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return currency === null ? text : `${currency} ${text}`;
}

/** `2026-11-01 09:30`, in UTC as all times of tagpol are. */
export function time(rfc3339: string): string {
  const date = new Date(rfc3339);
  return Number.isNaN(date.getTime()) ? rfc3339 : date.toISOString().slice(0, 16).replace('T', ' ');
}

/** What stands in the status bar, with its icon. */
export function statusBar(status: Status | undefined): string {
  if (status === undefined) {
    return '$(database) tagpol';
  }
  const name = status.snapshot === null ? 'no snapshot' : time(status.snapshot.takenAt);
  switch (status.state) {
    case 'starting':
    case 'computing':
      return `$(sync~spin) ${name}`;
    case 'failed':
      return `$(warning) ${name}`;
    default:
      return `$(database) ${name}`;
  }
}

/** What is reported of the snapshot when the pointer rests on the status bar, in Markdown. */
export function statusDetails(status: Status | undefined): string {
  if (status === undefined) {
    return 'tagpol: the server reports no snapshot';
  }
  const lines = [STATES[status.state]];
  if (status.snapshot !== null) {
    lines.push(`Snapshot \`${status.snapshot.id}\` of ${time(status.snapshot.takenAt)} UTC`, size(status.snapshot));
  }
  if (status.chosenBy !== null) {
    lines.push(CHOSEN_BY[status.chosenBy]);
  }
  if (status.message !== null) {
    lines.push(status.message);
  }
  return lines.join('\n\n');
}

const STATES: Record<Status['state'], string> = {
  none: 'No inventory is shown',
  starting: 'The snapshot is being opened',
  computing: 'Numbers are from an earlier version of the text',
  ready: 'Numbers are up to date',
  failed: 'The inventory cannot be read',
};

const CHOSEN_BY: Record<NonNullable<Status['chosenBy']>, string> = {
  client: 'Chosen in the editor',
  setting: 'Chosen by the setting `tagpol.inventory.snapshot`',
  manifest: 'The inventory in `tagpol.toml`',
  newest: 'The newest of the project',
};

/** `1,204 resources · USD 4,120 a month` */
export function size(snapshot: Snapshot): string {
  const cost = money(snapshot.monthlyCost, snapshot.currency);
  return [counted(snapshot.resources, 'resource'), cost && `${cost} a month`].filter(Boolean).join(' · ');
}

/** What an evaluation found, in one line. */
export function evaluation(found: Evaluation): string {
  const open = Object.entries(found.open).filter(([, number]) => number > 0);
  const total = open.reduce((sum, [, number]) => sum + number, 0);
  const parts = [`${counted(found.resources, 'resource')}, ${count(found.compliant)} compliant`];
  if (total === 0) {
    parts.push('no open findings');
  } else {
    const severities = open.map(([severity, number]) => `${count(number)} ${severity}`).join(', ');
    parts.push(`${counted(total, 'open finding')} (${severities})`);
  }
  const cost = money(found.costInViolation, found.currency);
  if (cost !== undefined && total > 0) {
    parts.push(`${cost} a month in violation`);
  }
  return parts.join(' · ');
}

/** A resource in a list to choose from: its name, what it is, its id. */
export function choice(resource: Resource): { label: string; description: string; detail: string } {
  const what = [resource.type, resource.provider, resource.account, resource.region];
  const cost = money(resource.monthlyCost, null);
  return {
    label: resource.name ?? resource.id,
    description: what.filter((part) => part !== null && part !== '').join(' · '),
    detail: [resource.id, cost && `${cost} a month`].filter(Boolean).join(' · '),
  };
}

/** What tests came to, in one line. */
export function tested(results: readonly TestResult[]): string {
  const failed = results.filter((result) => result.outcome === 'failed').length;
  return failed === 0 ? `${counted(results.length, 'test')} passed` : `${count(failed)} of ${counted(results.length, 'test')} failed`;
}
