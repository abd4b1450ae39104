import { useState, type ReactNode } from 'react'
import { Button } from '@mantine/core'
import type { ServiceName } from '../api/config'
import type { Role } from '../api/session'
import { FormError } from './form-error'
import { NeedsRole } from './page'
import { ReasonDialog } from './reason-dialog'

/** What can be done with what a page shows. */
export interface Action {
  label: string
  /** What is asked before it is done; without it, it is done at once. */
  question?: {
    /** Names what it is about. */
    title: string
    /** What will be so afterwards. */
    consequence: ReactNode
    dangerous?: boolean
    /** Whether there is a record for a reason. */
    asksReason?: boolean
    /** Further fields of the form. */
    fields?: ReactNode
  }
  isMain?: boolean
  disabled?: boolean
  /** The change that it makes. */
  change: { error: unknown; isPending: boolean; isSuccess: boolean; reset: () => void }
  run: (reason: string) => void
}

interface ActionButtonsProps {
  /** Who may do all of it. */
  role: Role
  /** The service that lets strangers do it while it is open. */
  openIn?: ServiceName | undefined
  /** Whether others read below the buttons why they are not for them. */
  saysWhy?: boolean
  actions: readonly Action[]
}

/** A button for each action, and the question that comes before it. The question is closed when the change is made. */
export function ActionButtons({ role, openIn, saysWhy = false, actions }: ActionButtonsProps) {
  const [asked, setAsked] = useState<string>()
  const open = actions.find(
    ({ label, change, disabled }) => label === asked && !change.isSuccess && !disabled,
  )
  const failed = actions.find(({ question, change }) => !question && change.error)
  if (actions.length === 0) return null
  return (
    <NeedsRole role={role} openIn={openIn} saysWhy={saysWhy}>
      {(allowed, whyNot) => (
        <>
          {actions.map(({ label, question, isMain, disabled, change, run }) => (
            <Button
              key={label}
              variant={isMain ? 'filled' : 'default'}
              disabled={!allowed || disabled}
              aria-describedby={whyNot}
              loading={!question && change.isPending}
              onClick={() => {
                change.reset()
                if (question) setAsked(label)
                else run('')
              }}
            >
              {label}
            </Button>
          ))}
          {failed && <FormError error={failed.change.error} />}
          {open?.question && (
            <ReasonDialog
              opened
              title={open.question.title}
              consequence={open.question.consequence}
              action={open.label}
              dangerous={open.question.dangerous ?? false}
              asksReason={open.question.asksReason ?? true}
              error={open.change.error}
              isPending={open.change.isPending}
              onClose={() => setAsked(undefined)}
              onConfirm={open.run}
            >
              {open.question.fields}
            </ReasonDialog>
          )}
        </>
      )}
    </NeedsRole>
  )
}
