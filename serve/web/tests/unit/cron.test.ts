import { expect, test } from 'vitest'
import { cronWords } from '../../src/lib/cron'

test('schedules are in words, and those that have none stay as they are', () => {
  const words = {
    '0 */6 * * *': 'Every 6 hours',
    '15 * * * *': 'Every hour, 15 past',
    '0 2 * * *': 'Every day at 02:00',
    '5 14 * * 1': 'Mondays at 14:05',
    '0 7 * * 7': 'Sundays at 07:00',
    '0 6 * * 1-5': 'Monday to Friday at 06:00',
    '0 0 1 * *': 'On day 1 of each month at 00:00',
  }
  for (const [cron, text] of Object.entries(words)) expect(cronWords(cron)).toBe(text)
  for (const cron of ['0 */7 * * *', '0 2 1 * 1', '*/5 * * * *', '0 2 * 6 *', '0 2 * * 1,3', '0 2', '']) expect(cronWords(cron)).toBeUndefined()
})
