import { ProblemError } from '@ordinal/client'
import { Failure, ProblemLine } from './states'

/** Why what was asked for in a form was refused. */
export function FormError({ error }: { error: unknown }) {
  if (!error) return null
  if (error instanceof ProblemError && error.status !== 401) {
    return (
      <div className="form-error">
        <ProblemLine error={error} align="flex-start" />
      </div>
    )
  }
  return <Failure error={error} />
}
