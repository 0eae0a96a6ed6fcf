const DAYS = ['Sundays', 'Mondays', 'Tuesdays', 'Wednesdays', 'Thursdays', 'Fridays', 'Saturdays', 'Sundays']

/** When a cron expression is due, in words. undefined: it is one that people write by themselves, and stays as it is. */
export function cronWords(cron: string): string | undefined {
  const [minute = '', hour = '', day = '', month = '', weekday = '', ...more] = cron.trim().split(/\s+/)
  if (more.length > 0 || month !== '*' || !/^\d{1,2}$/.test(minute)) return undefined
  const every = /^\*\/(\d+)$/.exec(hour)?.[1]
  const behind = Number(minute) === 0 ? '' : `, ${minute} past`
  if (day === '*' && weekday === '*' && every && 24 % Number(every) === 0) return `Every ${every} hours${behind}`
  if (day === '*' && weekday === '*' && hour === '*') return `Every hour${behind}`
  if (!/^\d{1,2}$/.test(hour)) return undefined
  const at = `at ${hour.padStart(2, '0')}:${minute.padStart(2, '0')}`
  if (day === '*' && weekday === '*') return `Every day ${at}`
  if (day === '*' && weekday === '1-5') return `Monday to Friday ${at}`
  if (day === '*' && /^[0-7]$/.test(weekday)) return `${DAYS[Number(weekday)]} ${at}`
  if (weekday === '*' && /^\d{1,2}$/.test(day)) return `On day ${Number(day)} of each month ${at}`
  return undefined
}
