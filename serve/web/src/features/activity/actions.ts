/** What actions of the audit trail are called. */
import type { AuditEntry } from '../../api/types'
import type { Option } from '../../ui/select'

/** Kinds of actions: their names begin so. */
export const KINDS: Option[] = [
  ['', 'Everything'],
  ['tag', 'Tags'],
  ['bulk', 'Bulk changes'],
  ['policy', 'Policies'],
  ['snapshot', 'Inventories'],
  ['model', 'Models'],
  ['rule', 'Alert rules'],
  ['channel', 'Channels'],
  ['job', 'Jobs'],
  ['user', 'People'],
  ['auth', 'Sign-ins'],
  ['token', 'Tokens'],
  ['privacy', 'Privacy'],
]

export const ACTIONS: Record<string, string> = {
  'tag.set': 'set',
  'tag.unset': 'removed the decision about',
  'tag.confirm': 'confirmed',
  'tag.reject': 'rejected the suggestion for',
  'bulk.apply': 'changed many resources',
  'bulk.undo': 'undid a change of many resources',
  'policy.propose': 'looked at the effect of a change of policies',
  'policy.apply': 'changed policies',
  'snapshot.upload': 'uploaded an inventory',
  'snapshot.fetch': 'started a fetch from the clouds',
  'events.take': 'sent events of a cloud',
  'model.train': 'started a training',
  'model.promote': 'chose a model',
  'model.rollback': 'went back to a model',
  'compliance.recheck': 'started an evaluation',
  'rule.add': 'added an alert rule',
  'rule.set': 'changed an alert rule',
  'rule.remove': 'removed an alert rule',
  'channel.add': 'added a channel',
  'channel.set': 'changed a channel',
  'channel.remove': 'removed a channel',
  'channel.test': 'tested a channel',
  'delivery.retry': 'sent a message again',
  'job.cancel': 'canceled a job',
  'job.retry': 'retried a job',
  'schedule.set': 'changed a schedule',
  'view.add': 'saved a view',
  'view.set': 'changed a view',
  'view.remove': 'removed a view',
  'user.add': 'added a person',
  'user.set': 'changed a person',
  'user.remove': 'removed a person',
  'tenant.add': 'added a tenant',
  'auth.sign_in': 'signed in',
  'auth.sign_out': 'signed out',
  'auth.link': 'made a sign-in link',
  'auth.identity': 'linked an account of an identity provider',
  'auth.password': 'changed a password',
  'auth.token': 'issued an access token',
  'auth.tokens_end': 'ended refresh tokens',
  'token.add': 'made an API token',
  'token.revoke': 'revoked an API token',
  'privacy.export': 'exported the data of a person',
  'privacy.values': 'removed a person from values of tags',
  'privacy.erase': 'erased a person',
  'question.ask': 'asked a question about',
  'question.forget': 'forgot the conversation about',
  'audit.verify': 'verified the audit trail',
}

/** What an entry is about, by the name that people know it by. undefined: it has none, or the tag that it is about shows. */
export function aboutOf({ action, object, details }: AuditEntry): string | undefined {
  if (/^(model\.(promote|rollback)|schedule\.)/.test(action)) return object
  return details.name ?? details.rule?.name ?? (details.files?.length ? details.files.join(', ') : undefined) ?? (action.startsWith('job.') ? details.kind : undefined)
}
