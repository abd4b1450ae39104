/** What a service says of a request that it does not carry out: RFC 9457, with a code to decide by. */
export interface Problem {
  type: string
  title: string
  status: number
  detail: string
  /** Stable: `order_numbers_exhausted`. Each is explained at `/errors/{code}` of the service. */
  code: string
  request_id: string
  /** Which parts of the request do not fit. */
  errors?: { path: string; message: string }[]
}

/**
 * The problem in an answer's text; what is not there is made up, as where a proxy in between has answered. The status is
 * always that of the answer: a proxy's JSON may have a code, too.
 */
export function problemOf(status: number, text: string): Problem {
  const madeUp = {
    type: 'about:blank',
    title: `The answer is ${status}`,
    status,
    detail: `Something between the client and the service answered with ${status}, and no problem+json`,
    code: 'no_problem_json',
    request_id: '',
  }
  const found = objectIn(text)
  if (typeof found.code !== 'string') return madeUp
  const { errors, ...rest } = found
  const fitting = Object.entries(rest).filter(
    ([name, value]) => typeof value === 'string' || !(name in madeUp),
  )
  return {
    ...madeUp,
    ...Object.fromEntries(fitting),
    status,
    ...(Array.isArray(errors) && { errors: errors as NonNullable<Problem['errors']> }),
  }
}

function objectIn(text: string): Record<string, unknown> {
  try {
    return (JSON.parse(text) ?? {}) as Record<string, unknown>
  } catch {
    return {}
  }
}
