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

/** The problem in an answer's text; one is made up where a proxy in between has answered. */
export function problemOf(status: number, text: string): Problem {
  try {
    const parsed = JSON.parse(text) as Partial<Problem> | null
    if (typeof parsed?.code === 'string') return parsed as Problem
  } catch {
    // It is none.
  }
  return {
    type: 'about:blank',
    title: `The answer is ${status}`,
    status,
    detail: `Something between the client and the service answered with ${status}, and no problem+json`,
    code: 'no_problem_json',
    request_id: '',
  }
}
