/** What `GET insights` and `GET anomalies` return. */

/** A model. */
export interface ModelSummary {
  id: string
  trained_at: string
  in_use: boolean
  resources: number
  tags: number
  /** The share of held-out values that it found, from 0 to 1. null: none were held out. */
  accuracy: number | null
}

/** How good the model in use is for a tag. */
export interface TagFigures {
  key: string
  labelled: number
  measured: number
  accuracy: number
  baselines: { name: string; accuracy: number }[]
  calibration_error: number
  /** Values of similar probability: the points of a reliability plot. */
  bins: { predicted: number; right: number; count: number }[]
  thresholds: { confidence: number; coverage: number; precision: number; low: number; high: number }[]
}

/** How suggestions are received. */
export interface Acceptance {
  accepted: number
  rejected: number
  rate: number | null
}

export interface Insights {
  models: ModelSummary[]
  tags: TagFigures[]
  acceptance: Acceptance & { tags: (Acceptance & { key: string })[] }
  generation: string
}

/** A value that a person should check. */
export interface Anomaly {
  kind: 'model' | 'spelling'
  id: string | null
  resource_key: string | null
  resource_id: string | null
  resource_name: string | null
  resources: number
  key: string
  value: string
  suggested: string
  probability: number
  reasons: string[]
}

export interface Anomalies {
  items: Anomaly[]
  examined: number
  resources: number
  generation: string
}
