import { urlVariableOf, type Service, type ServiceSettings } from './settings'

const email = 'benchmark@example.invalid'

interface Answer {
  status: number
  body: Record<string, unknown>
}

/** Looks whether services are there. @throws Error that says which is not, and where it was looked for */
export async function requireReady(settings: ServiceSettings, services: readonly Service[]): Promise<void> {
  for (const service of services) {
    const { status } = await ask(settings, service, 'GET', '/health/ready')
    if (status !== 200)
      throw new Error(`${service} at ${settings.urls[service].href} is not ready: it answers ${status}`)
  }
}

/**
 * Makes sure that there is the sequence that the numbers are drawn from.
 *
 * @throws Error if there is none, and none can be defined
 */
export async function prepareSequence(settings: ServiceSettings): Promise<void> {
  const { prefix, token } = settings
  const found = await ask(settings, 'sequencer', 'GET', `/api/v1/status/${prefix}`)
  if (found.status !== 404) return requireTaken('sequencer', settings, found, 200)
  if (!token)
    throw new Error(
      `There is no sequence ${prefix}: TOKEN=$(make token ROLE=admin) lets it be defined; PREFIX= names another`,
    )
  const rules = { prefix, template: '{prefix}-{seq}', reset: 'never', reason: 'measurements' }
  const headers = { Authorization: `Bearer ${token}` }
  requireTaken(
    'sequencer',
    settings,
    await ask(settings, 'sequencer', 'POST', '/api/v1/sequences', { headers, json: rules }),
    201,
  )
}

/** The user whose orders are placed; made the first time. Gives the id. */
export async function prepareUser(settings: ServiceSettings): Promise<number> {
  const list = await ask(settings, 'user-service', 'GET', `/api/v1/users?search=${email}`)
  requireTaken('user-service', settings, list, 200)
  const [user] = list.body.data as { id: number }[]
  if (user) return user.id
  const json = { email, name: 'Benchmark', age: 30 }
  const made = await ask(settings, 'user-service', 'POST', '/api/v1/users', { json })
  requireTaken('user-service', settings, made, 201)
  return made.body.id as number
}

/** @throws Error that says in a line how a service has refused */
export function refusal(service: Service, { urls }: ServiceSettings, { status, body }: Answer): Error {
  const { code, detail, title } = body as Record<string, string | undefined>
  const why = [code, detail ?? title].filter(Boolean).join(': ')
  return new Error(`${service} at ${urls[service].href} refuses: ${status} ${why}`)
}

function requireTaken(service: Service, settings: ServiceSettings, answer: Answer, wanted: number): void {
  if (answer.status !== wanted) throw refusal(service, settings, answer)
}

async function ask(
  { urls, apiKey }: ServiceSettings,
  service: Service,
  method: string,
  path: string,
  { headers = {}, json }: { headers?: Record<string, string>; json?: object } = {},
): Promise<Answer> {
  const url = urls[service]
  const answer = await fetch(`${url.href.replace(/\/$/, '')}${path}`, {
    method,
    headers: {
      ...(apiKey && { 'X-API-Key': apiKey }),
      ...(json && { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(json && { body: JSON.stringify(json) }),
    signal: AbortSignal.timeout(10_000),
  }).catch((error: Error) => {
    const { code, message } = (error.cause ?? error) as Error & { code?: string }
    throw new Error(
      `${service} does not answer at ${url.href} (${code ?? message}): start it (make run), or say where it is (${urlVariableOf(service)}=)`,
    )
  })
  const text = await answer.text()
  return { status: answer.status, body: isJson(answer) ? (JSON.parse(text) as Answer['body']) : {} }
}

const isJson = ({ headers }: Response) => /[/+]json/.test(headers.get('content-type') ?? '')
