/** Channels, rules and deliveries. Nothing is sent. */
import type { AlertRule, Channel, Delivery } from '../src/api/types'
import { NOW } from './data.ts'

const at = NOW.toISOString()

/** A response, or the error with its place. */
export type Answer = { status: number; body?: unknown } | { problem: [status: number, code: string, detail: string, pointer: string] }

export class Alerts {
  private channels: Channel[]
  private rules: AlertRule[]
  private deliveries: Delivery[]

  constructor(isEmpty: boolean) {
    const channel = (id: string, name: string, kind: string, config: object): Channel => ({ id, name, kind, config: config as never, stream: null as never, created_at: at, updated_at: at })
    this.channels = isEmpty ? [] : [channel('chn_1', 'Company mail', 'email', { host: 'mail.shop.example', encryption: 'starttls', from: 'tagpol <tagpol@shop.example>', to: ['platform@shop.example'], login: { user: 'tagpol', password: '(set)' } }), channel('chn_2', 'Operations', 'slack', { webhook_url: '(set)' })]
    this.rules = isEmpty ? [] : [{ id: 'rul_1', rule: { name: 'Owners of critical findings', enabled: true, filter: { min_severity: 'critical', policies: [] }, routing: { to: 'owners', channel: 'chn_1', unowned_channel: 'chn_2' }, grace_hours: 24, remind_after_hours: 168 }, generation: 'g', next_at: null, error: null, alerts: [], created_at: at, updated_at: at }]
    const delivery = (id: string, title: string, status: Delivery['status'], error: string | null): Delivery => ({ id, title, status, error, channel: error ? 'chn_2' : 'chn_1', rule: 'rul_1', kind: 'findings', attempt: error ? 5 : 1, next_at: null, delivered_at: error ? null : at, reference: null, job: 'job_3', created_at: at, message: null as never })
    this.deliveries = isEmpty ? [] : [delivery('dlv_2', '12 new findings of payments@shop.example', 'delivered', null), delivery('dlv_1', '3 findings without an owner', 'dead', 'hooks.slack.example refused the connection 5 times')]
  }

  /** Answers a request; undefined if it is about something else. */
  answer(method: string, path: string, body: Record<string, unknown>): Answer | undefined {
    const [group, id, action] = path.split('/')
    if (group === 'channels') return this.channel(method, id, action, body)
    if (group === 'rules') return this.rule(method, id, body)
    if (group !== 'deliveries') return undefined
    if (!id) return { status: 200, body: { items: this.deliveries, next: null } }
    const found = this.deliveries.find((one) => one.id === id)
    if (found) Object.assign(found, { status: 'queued', error: null })
    return { status: 204 }
  }

  private channel(method: string, id: string | undefined, action: string | undefined, body: Record<string, unknown>): Answer {
    if (!id && method === 'GET') return { status: 200, body: { items: this.channels.map((one) => ({ ...one, config: undefined })) } }
    const config = (body.config ?? {}) as Record<string, unknown>
    if (method !== 'GET' && body.kind === 'slack' && !/^(https:|\(set\))/.test(String(config.webhook_url))) return { problem: [422, 'invalid-value', 'the address needs https', '/config/webhook_url'] }
    if (!id) {
      const made = { id: `chn_${this.channels.length + 1}`, name: String(body.name), kind: String(body.kind), config: config as never, stream: null as never, created_at: at, updated_at: at }
      this.channels.push(made)
      return { status: 201, body: made }
    }
    if (action === 'test') {
      this.deliveries.unshift({ id: `dlv_${this.deliveries.length + 1}`, title: 'A test message', status: 'delivered', error: null, channel: id, rule: null, kind: 'test', attempt: 1, next_at: null, delivered_at: at, reference: null, job: 'job_3', created_at: at, message: null as never })
      return { status: 202, body: { delivery: 'dlv' } }
    }
    const found = this.channels.find((one) => one.id === id)
    if (method === 'DELETE') {
      if (this.rules.some((one) => JSON.stringify(one.rule.routing).includes(id))) return { problem: [409, 'conflict', `the rule \`${this.rules[0]?.rule.name}\` sends to this channel`, ''] }
      this.channels = this.channels.filter((one) => one.id !== id)
      return { status: 204 }
    }
    if (method === 'PUT' && found) Object.assign(found, { name: body.name, config })
    return { status: 200, body: found }
  }

  private rule(method: string, id: string | undefined, body: Record<string, unknown>): Answer {
    if (!id && method === 'GET') return { status: 200, body: { items: this.rules } }
    if (method === 'DELETE') {
      this.rules = this.rules.filter((one) => one.id !== id)
      return { status: 204 }
    }
    const rule = body as unknown as AlertRule['rule']
    const found = this.rules.find((one) => one.id === id)
    if (found) found.rule = rule
    else this.rules.push({ id: `rul_${this.rules.length + 2}`, rule, generation: '', next_at: null, error: null, alerts: [], created_at: at, updated_at: at })
    return { status: found ? 200 : 201, body: found ?? this.rules.at(-1) }
  }
}
