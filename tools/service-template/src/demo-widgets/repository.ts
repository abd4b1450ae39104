import { int8sAsNumbers, tracedPrisma, type Int8sAsNumbers } from '@ordinal/database'
import type { Span } from '@ordinal/tracing'
import type { DemoWidget as DemoWidgetRow, PrismaClient } from '../generated/prisma/client'

export type DemoWidget = Int8sAsNumbers<DemoWidgetRow>

export type DemoWidgetRepository = ReturnType<typeof createDemoWidgetRepository>

/** Reads single rows by Prisma; lists, and what is written, are SQL of queries.ts. */
export const createDemoWidgetRepository = (prisma: PrismaClient) => ({
  async find(id: number, span?: Span): Promise<DemoWidget | undefined> {
    const row = await tracedPrisma(prisma, span).demoWidget.findUnique({ where: { id } })
    return row ? int8sAsNumbers(row) : undefined
  },
})
