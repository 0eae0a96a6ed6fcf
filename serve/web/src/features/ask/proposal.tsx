import { useNavigate } from '@tanstack/react-router'
import { queries, queryClient } from '../../api/queries'
import { useReason } from '../../app/session'
import { type Fact, newFile, type Proposal } from '../../lib/answer'
import { shared } from '../../lib/share'
import { Button } from '../../ui/button'
import { toast, toastError } from '../../ui/toast'
import { Sentence } from './sentence'

/** A policy that was proposed, what it would do, and the way to the page where it can be changed and saved. */
export function ProposedPolicy({ proposal: { text, facts: ids, origin }, facts }: { proposal: Proposal; facts: readonly Fact[] }) {
  const navigate = useNavigate()
  const reason = useReason('edit_policies')
  const open = async () => {
    try {
      const { items } = await queryClient.fetchQuery(queries.policyFiles())
      const path = newFile(items.map((file) => file.path))
      const hash = await shared([{ path, text }])
      if (hash === undefined) toast('The policy is too long to be handed over. Copy it instead.', { look: 'poor' })
      else await navigate({ to: '/policies', hash: hash.slice(1) })
    } catch (error) {
      toastError(error)
    }
  }
  return (
    <div className="ask-proposal">
      <h3>{origin === 'model' ? 'The model proposes' : 'Proposed'}</h3>
      <pre className="ask-policy" tabIndex={0}>
        <code>{text}</code>
      </pre>
      <ul className="stack">
        {facts
          .filter((fact) => ids.includes(fact.id))
          .map((fact) => (
            <li key={fact.id}>
              <Sentence parts={fact.parts} /> <span className="badge ask-fact">{fact.id}</span>
            </li>
          ))}
      </ul>
      <div className="row row-wrap">
        <Button reason={reason} onClick={() => void open()}>
          Open in policies…
        </Button>
        <span className="dim small">It was checked and measured on this inventory. Nothing is changed until you save it there.</span>
      </div>
    </div>
  )
}
