import type { ReactNode } from 'react'

/** Outlines of 16 by 16, in the color of the text. They are decoration: the label is next to them. */
function icon(path: ReactNode) {
  return function Icon({ size = 16 }: { size?: number }) {
    return (
      <svg width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
        {path}
      </svg>
    )
  }
}

export const HomeIcon = icon(<path d="M2.5 7 8 2.5 13.5 7v6a.5.5 0 0 1-.5.5H9.750v-4h-3.5v4H3a.5.5 0 0 1-.5-.5z" />)
export const ListIcon = icon(<path d="M2.5 4h11M2.5 8h11M2.5 12h7" />)
export const ShieldIcon = icon(<path d="M8 1.8 13 3.5v4c0 3.3-2.2 5.7-5 6.7-2.8-1-5-3.4-5-6.7v-4zM5.8 8l1.6 1.6L10.4 6.5" />)
export const CoinsIcon = icon(
  <>
    <circle cx="8" cy="8" r="5.8" />
    <path d="M10 5.9c-.4-.6-1.1-.9-2-.9-1.2 0-2 .6-2 1.5 0 2 4 1 4 3 0 .9-.9 1.5-2 1.5-.9 0-1.7-.3-2.1-1M8 4v1m0 6v1" />
  </>,
)
export const ClockIcon = icon(
  <>
    <circle cx="8" cy="8" r="5.8" />
    <path d="M8 4.8V8l2.2 1.5" />
  </>,
)
export const JobsIcon = icon(<path d="M8 2v2.2M8 11.8V14M2 8h2.2M11.8 8H14M3.8 3.8l1.5 1.5M10.7 10.7l1.5 1.5M12.2 3.8l-1.5 1.5M5.3 10.7l-1.5 1.5" />)
export const GearIcon = icon(<path d="M3 4.5h6M12 4.5h1M3 11.5h1M7 11.5h6M10.5 3v3M5.5 10v3" />)
export const SearchIcon = icon(
  <>
    <circle cx="7" cy="7" r="4.5" />
    <path d="m10.5 10.5 3 3" />
  </>,
)
export const PolicyIcon = icon(<path d="M4 2h5.5L12.5 5v9h-8.5zM9.5 2v3h3M6.3 8h4M6.3 10.8h4" />)
export const InsightIcon = icon(<path d="M2.5 13.5h11M4.5 11V8M8 11V4.5M11.5 11V6.5" />)
export const GraphIcon = icon(
  <>
    <circle cx="4" cy="8" r="1.8" />
    <circle cx="12" cy="4" r="1.8" />
    <circle cx="12" cy="12" r="1.8" />
    <path d="m5.7 7.2 4.6-2.3M5.7 8.8l4.6 2.3" />
  </>,
)
export const AskIcon = icon(<path d="M2.5 3h11v8H8.500L5.500 13.500V11h-3zM6.300 5.800a1.700 1.700 0 1 1 2.500 1.500c-.6.3-.8.6-.8 1.100M8 9.600v.01" />)
export const CloseIcon = icon(<path d="m4 4 8 8M12 4l-8 8" />)
export const CheckIcon = icon(<path d="m3.5 8.5 3 3 6-7" />)
export const ArrowLeftIcon = icon(<path d="M13 8H3m4-4L3 8l4 4" />)
export const UpIcon = icon(<path d="M8 13V3M4 7l4-4 4 4" />)
export const DownIcon = icon(<path d="M8 3v10m4-4-4 4-4-4" />)
export const MoreIcon = icon(<path d="M3.5 8h.01M8 8h.01M12.5 8h.01" />)
export const ColumnsIcon = icon(<path d="M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10" />)
export const FilterIcon = icon(<path d="M2.5 3.5h11L9.5 8.5v4l-3-1.5V8.5z" />)
export const DownloadIcon = icon(<path d="M8 2.5v7.5m-3-3 3 3 3-3M3 13.5h10" />)
export const UploadIcon = icon(<path d="M8 10.5V3m-3 3 3-3 3 3M3 13.5h10" />)
export const BookmarkIcon = icon(<path d="M4 2.5h8v11l-4-3-4 3z" />)
export const PersonIcon = icon(
  <>
    <circle cx="8" cy="5.5" r="2.7" />
    <path d="M2.8 13.5c.6-2.6 2.7-4 5.2-4s4.6 1.4 5.2 4" />
  </>,
)
export const AlertIcon = icon(<path d="M8 2.5 14 13H2zM8 6.5v3M8 11.2v.01" />)
export const LockIcon = icon(<path d="M3.5 7.2h9v6.3h-9zM5.3 7.2V5a2.7 2.7 0 0 1 5.4 0v2.2" />)
export const BoxIcon = icon(<path d="m2.5 5 5.5-2.8L13.5 5v6L8 13.8 2.5 11zM2.5 5 8 7.8 13.5 5M8 7.8v6" />)
export const PencilIcon = icon(<path d="m10.5 3 2.5 2.5L6 12.5l-3 .5.5-3z" />)

/** The mark of the product. */
export function Logo() {
  return (
    <svg width="22" height="22" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--accent)" />
      <path d="M8 9h8.5a3 3 0 0 1 2.1.9l5 5a2.2 2.2 0 0 1 0 3.1L18 23.6a2.2 2.2 0 0 1-3.1 0l-6-6a3 3 0 0 1-.9-2.1z" fill="none" stroke="var(--on-accent)" strokeWidth="2.4" strokeLinejoin="round" />
      <circle cx="13" cy="14" r="1.8" fill="var(--on-accent)" />
    </svg>
  )
}
