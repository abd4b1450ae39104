import {
  IconBuildingFactory2,
  IconFileImport,
  IconFileSearch,
  IconGauge,
  IconKey,
  IconListNumbers,
  IconMailFast,
  IconPresentation,
  IconShoppingCart,
  IconSquareHalf,
  IconUsers,
  IconWebhook,
  type Icon,
} from '@tabler/icons-react'
import type { LinkProps } from '@tanstack/react-router'

type TextKey =
  | 'overview'
  | 'sequences'
  | 'gaps'
  | 'sites'
  | 'audit'
  | 'orders'
  | 'users'
  | 'eventsPage'
  | 'webhooks'
  | 'apiKeys'
  | 'imports'
  | 'demos'

/** A page that the menu and the search offer. */
export interface NavigationEntry {
  to: NonNullable<LinkProps['to']>
  text: TextKey
  icon: Icon
  section?: 'issuing' | 'business' | 'operations'
}

export const navigation: readonly NavigationEntry[] = [
  { to: '/', text: 'overview', icon: IconGauge },
  { to: '/sequences', text: 'sequences', icon: IconListNumbers, section: 'issuing' },
  { to: '/gaps', text: 'gaps', icon: IconSquareHalf, section: 'issuing' },
  { to: '/sites', text: 'sites', icon: IconBuildingFactory2, section: 'issuing' },
  { to: '/audit', text: 'audit', icon: IconFileSearch, section: 'issuing' },
  { to: '/orders', text: 'orders', icon: IconShoppingCart, section: 'business' },
  { to: '/users', text: 'users', icon: IconUsers, section: 'business' },
  { to: '/events', text: 'eventsPage', icon: IconMailFast, section: 'operations' },
  { to: '/webhooks', text: 'webhooks', icon: IconWebhook, section: 'operations' },
  { to: '/api-keys', text: 'apiKeys', icon: IconKey, section: 'operations' },
  { to: '/imports', text: 'imports', icon: IconFileImport, section: 'operations' },
  { to: '/demos', text: 'demos', icon: IconPresentation, section: 'operations' },
]
