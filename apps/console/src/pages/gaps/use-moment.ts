import { useSettings } from '../../ui/settings'
import { absolute } from '../../ui/time'

/** On paper a moment is in UTC, and never relative. */
export function useMoment(): (at: string) => string {
  const { language } = useSettings()
  return (at) => absolute(new Date(at), language, 'utc')
}
