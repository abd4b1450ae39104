import type { components, operations } from './generated/sequencer'
import type { CallOptions } from './options'
import { itemsOfPages, type Page } from './pages'
import type { Send } from './send'
import type { Answer, Body, Item, Query } from './types'

export type DrawnNumber = components['schemas']['DrawnNumber']
export type ReleasedNumber = components['schemas']['ReleasedNumber']
export type Site = Item<operations['get_sites']>
export type SiteStats = components['schemas']['Stats']
export type SiteDraw = Omit<Body<operations['post_sequence_next']>, 'count' | 'invoice_type'> & {
  invoice_type?: DrawnNumber['invoice_type']
}
export type SiteRelease = Body<operations['post_sequence_release']>

/** Sites, which draw their numbers on one sequence. */
export const sitesOf = (send: Send) => ({
  /** For viewers. */
  list: (filter: Query<operations['get_sites']> = {}, options?: CallOptions) =>
    itemsOfPages((page) =>
      send<Page<Site>>({ method: 'GET', path: '/api/v1/sites', query: { ...filter, page } }, options),
    ),

  /** Draws the next number of all sites. Of a simulated one it is only said what it would be; a suppressed one is released at once. */
  draw: (request: SiteDraw, options?: CallOptions) =>
    send<DrawnNumber>({ method: 'POST', path: '/api/v1/sequence/next', body: request }, options),

  /** Gives back a number that the site and partition has drawn. */
  release: (request: SiteRelease, options?: CallOptions) =>
    send<ReleasedNumber>({ method: 'POST', path: '/api/v1/sequence/release', body: request }, options),

  /** How much was drawn: in all, and by site, partition and invoice type. */
  stats: (query: Query<operations['get_sequence_stats']> = {}, options?: CallOptions) =>
    send<Answer<operations['get_sequence_stats']>>(
      { method: 'GET', path: '/api/v1/sequence/stats', query },
      options,
    ),
})
