/** The pages of the navigation, in its order. */
import { AlertIcon, AskIcon, ClockIcon, CoinsIcon, GearIcon, GraphIcon, HomeIcon, InsightIcon, JobsIcon, ListIcon, PolicyIcon, ShieldIcon } from '../ui/icons'

export const PAGES = [
  { to: '/', label: 'Home', key: 'g h', Icon: HomeIcon },
  { to: '/resources', label: 'Resources', key: 'g r', Icon: ListIcon },
  { to: '/compliance', label: 'Compliance', key: 'g c', Icon: ShieldIcon },
  { to: '/costs', label: 'Costs', key: 'g o', Icon: CoinsIcon },
  { to: '/ask', label: 'Ask', key: 'g k', Icon: AskIcon },
  { to: '/insights', label: 'Insights', key: 'g i', Icon: InsightIcon },
  { to: '/graph', label: 'Graph', key: 'g e', Icon: GraphIcon },
  { to: '/policies', label: 'Policies', key: 'g p', Icon: PolicyIcon },
  { to: '/alerts', label: 'Alerts', key: 'g l', Icon: AlertIcon },
  { to: '/activity', label: 'Activity', key: 'g a', Icon: ClockIcon },
  { to: '/jobs', label: 'Jobs', key: 'g j', Icon: JobsIcon },
  { to: '/settings', label: 'Settings', key: 'g s', Icon: GearIcon },
] as const
