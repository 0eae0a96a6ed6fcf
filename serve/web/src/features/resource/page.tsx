import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { queries } from '../../api/queries'
import type { ResourceDetail, TimelineEvent } from '../../api/types'
import { useShortcuts } from '../../app/shortcuts'
import { formatAgo, formatAmount, formatCount, formatDay, formatPercent, formatProvider, formatTime } from '../../lib/format'
import { equals, quoted } from '../../lib/condition'
import { useActorName } from '../../parts/actor'
import { Checks } from '../../parts/checks'
import { Suggestions } from '../../parts/suggestions'
import { Tags } from '../../parts/tags'
import { Breakable, ComplianceBadge } from '../../ui/badge'
import { ArrowLeftIcon } from '../../ui/icons'
import { ErrorState, LoadingCards, QueryState, Skeleton } from '../../ui/states'
import './resource.css'

const route = getRouteApi('/shell/resources/$key')

export function ResourcePage() {
  const { key } = route.useParams()
  const query = useQuery(queries.resource(key))
  useShortcuts(useMemo(() => ({ a: () => document.querySelector<HTMLElement>('[data-accept]')?.click() }), []))
  return (
    <main className="page" id="main" tabIndex={-1}>
      <Link to="/resources" className="row small back">
        <ArrowLeftIcon size={14} /> Resources
      </Link>
      <QueryState query={query} loading={<LoadingCards heights={[64, 300, 200]} />}>
        {(resource) => <Detail resource={resource} />}
      </QueryState>
    </main>
  )
}

function Detail({ resource }: { resource: ResourceDetail }) {
  const name = resource.resource_name ?? resource.resource_id
  return (
    <>
      <title>{`${name} · tagpol`}</title>
      <header className="page-head">
        <div className="stack resource-head">
          <h1 className="wrap-anywhere">{name}</h1>
          <p className="mono dim wrap-anywhere">{resource.resource_id}</p>
          <p className="row row-wrap small">
            <ComplianceBadge value={resource.compliance_status.status} />
            {resource.compliance_status.score === null ? null : <span>Score {formatPercent(resource.compliance_status.score)}</span>}
            <span className="dim" title={formatTime(resource.compliance_status.last_checked)}>
              Checked {formatAgo(resource.compliance_status.last_checked)}
            </span>
          </p>
        </div>
      </header>
      <div className="resource-grid">
        <div className="stack resource-column">
          <Card title="Virtual tags" note="Native tags stay as they are in the cloud.">
            <Tags resource={resource} />
          </Card>
          <Card title="Suggestions">
            {resource.ml_suggestions.length > 0 ? <Suggestions resource={resource} /> : <p className="dim">The model suggests nothing for this resource.</p>}
          </Card>
          <Card title="Checks">
            <Checks compliance={resource.compliance_status} />
          </Card>
        </div>
        <div className="stack resource-column">
          <Facts resource={resource} />
          <Cost resource={resource} />
          <Timeline resourceKey={resource.key} />
          <Neighbors resource={resource} />
        </div>
      </div>
    </>
  )
}

function Card({ title, note, children }: { title: string; note?: string; children: React.ReactNode }) {
  return (
    <section className="card">
      <div className="card-head">
        <h2>{title}</h2>
        {note ? <span className="dim small">{note}</span> : null}
      </div>
      <div className="card-body">{children}</div>
    </section>
  )
}

function Facts({ resource }: { resource: ResourceDetail }) {
  const facts: [string, string | null, string | undefined][] = [
    ['Provider', formatProvider(resource.provider) || null, resource.provider ? `resource.provider == ${resource.provider}` : undefined],
    ['Type', resource.resource_type, resource.resource_type ? `resource.type == ${quoted(resource.resource_type)}` : undefined],
    ['Account', resource.account, resource.account ? `resource.account == ${quoted(resource.account)}` : undefined],
    ['Region', resource.region, resource.region ? `resource.region == ${quoted(resource.region)}` : undefined],
  ]
  return (
    <section className="card" aria-label="Facts">
      <dl className="card-body facts">
        {facts.map(([label, value, filter]) =>
          value ? (
            <div key={label}>
              <dt>{label}</dt>
              <dd className="wrap-anywhere">
                {filter ? (
                  <Link to="/resources" search={{ filter }}>
                    <Breakable text={value} />
                  </Link>
                ) : (
                  value
                )}
              </dd>
            </div>
          ) : null,
        )}
      </dl>
    </section>
  )
}

function Cost({ resource }: { resource: ResourceDetail }) {
  return (
    <Card title="Cost">
      {resource.monthly_cost === null ? (
        <p className="dim">There is no cost data for this resource.</p>
      ) : (
        <p>
          <span className="figure-value">{formatAmount(resource.monthly_cost)}</span> <span className="figure-unit">{resource.currency} a month</span>
        </p>
      )}
    </Card>
  )
}

function Timeline({ resourceKey }: { resourceKey: string }) {
  const { data, error, isPending, refetch } = useQuery(queries.timeline(resourceKey))
  return (
    <Card title="Timeline">
      {data ? (
        data.items.length > 0 ? (
          <ol className="timeline">
            {data.items.map((entry) => (
              <TimelineRow key={`${entry.at} ${entry.kind} ${entry.tag}`} entry={entry} />
            ))}
          </ol>
        ) : (
          <p className="dim">Nothing has changed since the resource was first seen.</p>
        )
      ) : isPending && !error ? (
        <div className="stack">
          <Skeleton width="80%" />
          <Skeleton width="60%" />
          <Skeleton width="70%" />
        </div>
      ) : (
        <ErrorState error={error} retry={() => void refetch()} />
      )}
    </Card>
  )
}

const DECISIONS: Record<string, string> = { set: 'set', confirm: 'confirmed', reject: 'rejected', unset: 'removed the decision about' }

function TimelineRow({ entry }: { entry: TimelineEvent }) {
  const nameOf = useActorName()
  const { kind, tag, old_value, new_value, performed_by, performed_by_name, note } = entry
  const value = (one: string | null) => (one === null ? <span className="missing">missing</span> : <strong>{one}</strong>)
  return (
    <li className={`timeline-${kind}`}>
      <time dateTime={entry.at} title={formatTime(entry.at)} className="dim">
        {formatDay(entry.at)}
      </time>
      <p className="wrap-anywhere">
        {kind === 'appeared' ? 'First seen in the inventory' : null}
        {kind === 'changed' ? (
          <>
            {tag}: {value(old_value)} → {value(new_value)}
          </>
        ) : null}
        {performed_by ? (
          <>
            {nameOf(performed_by, performed_by_name)} {DECISIONS[kind] ?? kind} {tag}
            {kind === 'set' || kind === 'confirm' ? <> {value(new_value)}</> : null}
            {kind === 'reject' ? <> {value(old_value)}</> : null}
          </>
        ) : null}
        {note ? <span className="dim"> “{note}”</span> : null}
      </p>
    </li>
  )
}

/** Tags that say what a resource belongs to, the narrowest first. */
const BELONGS = ['application', 'project', 'team', 'owner']

/** The most expensive resources that belong to the same application, project or team. */
function Neighbors({ resource }: { resource: ResourceDetail }) {
  const tags = useQuery(queries.schema()).data?.items
  const tag = BELONGS.map((name) => resource.virtual_tags.find((one) => one.key === name && one.value !== null)).find((one) => one !== undefined)
  const filter = tag ? equals(tag.key, tag.value, tags) : ''
  const { data } = useQuery({ ...queries.resources({ where: filter, limit: 6 }), enabled: Boolean(tag && tags) })
  const others = (data?.items ?? []).filter((one) => one.key !== resource.key).slice(0, 5)
  if (!tag || others.length === 0) return null
  return (
    <Card title={`Also with ${tag.key} ${tag.value}`}>
      <ul className="neighbors">
        {others.map((one) => (
          <li key={one.key} className="row spread">
            <Link to="/resources/$key" params={{ key: one.key }} className="truncate">
              {one.resource_name ?? one.resource_id}
            </Link>
            <span className="dim small">{one.resource_type}</span>
          </li>
        ))}
      </ul>
      <Link to="/resources" search={{ filter }} className="small neighbors-all">
        {data?.total ? `Show all ${formatCount(data.total)}` : 'Show all'}
      </Link>
    </Card>
  )
}
