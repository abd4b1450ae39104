import type { Pool } from 'pg'
import { traced, transaction, type Queryable } from '@ordinal/database'
import { cursorsOf, toList, totalShownBy } from '@ordinal/http'
import { once, type IdempotencyKey } from '@ordinal/idempotency'
import type { Span } from '@ordinal/tracing'
import { z } from 'zod'
import { AppError } from '../domain/errors'
import {
  countDemoWidgets,
  deleteDemoWidget,
  insertDemoWidget,
  listDemoWidgets,
  updateDemoWidget,
  type Edited,
  type NewDemoWidget,
} from './queries'
import type { DemoWidget, DemoWidgetRepository } from './repository'

/** They are listed by their ids. */
export const demoWidgetCursors = cursorsOf('demo-widgets', z.tuple([z.int().min(1)]), [0])

/** Which part of a list. */
interface Part {
  page?: number | undefined
  /** The id of the one before. In place of a page. */
  after?: readonly [id: number] | undefined
  page_size: number
}

interface Deps {
  repository: DemoWidgetRepository
  pool: Pool
  /** For lists, which may read much. */
  heavyDb: Queryable
  /** Counts each one that is created. */
  created?: () => void
}

export type DemoWidgets = ReturnType<typeof createDemoWidgets>

/** What is done with demo widgets. */
export function createDemoWidgets({ repository, pool, heavyDb, created = () => {} }: Deps) {
  return {
    /**
     * Creates one; with a key once, however often the request comes.
     *
     * @throws AppError `idempotency_key_reused`, `idempotency_key_erased`
     */
    async create(given: NewDemoWidget, key?: IdempotencyKey, span?: Span) {
      const insert = async (db: Queryable) => toJson(await insertDemoWidget(db, given))
      const { answer, replayed } = key
        ? await transaction(pool, (tx) => once(tx, key, () => insert(tx)), { span })
        : { answer: await insert(traced(pool, span)), replayed: false }
      if (!replayed) created()
      return { answer, replayed }
    },

    require: requireDemoWidget,

    /** A part of the list, oldest first. They are counted only if it is read by page. */
    async list({ page = 1, after, page_size }: Part, span?: Span) {
      const db = traced(heavyDb, span)
      // One more shows whether the list goes on.
      const take = page_size + 1
      const place = after ? { after: after[0], take } : { skip: (page - 1) * page_size, take }
      const rows = await listDemoWidgets(db, place)
      const total = after
        ? undefined
        : (totalShownBy(rows.length, { page, page_size }) ?? (await countDemoWidgets(db)))
      return toList(rows, total, { page, page_size }, toJson, ({ id }) => demoWidgetCursors.write([id]))
    },

    /** @throws AppError `demo_widget_not_found`, `version_mismatch` */
    async update(edited: Edited, changes: Partial<NewDemoWidget>, span?: Span): Promise<DemoWidget> {
      return (await updateDemoWidget(traced(pool, span), edited, changes)) ?? (await refuse(edited, span))
    },

    /** @throws AppError `demo_widget_not_found`, `version_mismatch` */
    async remove(edited: Edited, span?: Span): Promise<void> {
      if (!(await deleteDemoWidget(traced(pool, span), edited))) await refuse(edited, span)
    },
  }

  /** @throws AppError `demo_widget_not_found` */
  async function requireDemoWidget(id: number, span?: Span): Promise<DemoWidget> {
    const found = await repository.find(id, span)
    if (!found) throw new AppError('demo_widget_not_found', `There is no demo widget ${id}`)
    return found
  }

  /** Says why nothing was changed. */
  async function refuse({ id }: Edited, span?: Span): Promise<never> {
    const { version } = await requireDemoWidget(id, span)
    throw new AppError('version_mismatch', `It is at version ${version}; its ETag is "${version}"`)
  }
}

/** As answers have it. */
export const toJson = (demoWidget: DemoWidget) => ({
  id: demoWidget.id,
  name: demoWidget.name,
  version: demoWidget.version,
  created_at: demoWidget.createdAt.toISOString(),
  updated_at: demoWidget.updatedAt.toISOString(),
})
