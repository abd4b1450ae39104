import { Client, credentials, Metadata, status as codes, type ServiceError } from '@grpc/grpc-js'
import { fromJSON, loadSync, type MessageTypeDefinition, type MethodDefinition } from '@grpc/proto-loader'
import fc from 'fast-check'
import type { Fault } from './check'
import type { Dice } from './dice'
import type { Thing } from './known'
import type { Caller, Player, Shared } from './player'
import type { Schema } from './document'
import { oddNumbers, oddTexts, valuesOf } from './values'

/** The gRPC of a service that is fuzzed. */
export type GrpcTarget = ReturnType<typeof grpcTarget>

interface Field {
  name: string
  type: string
  typeName: string
  label: string
  proto3Optional?: boolean
}

interface Message {
  field: Field[]
}

const namesOf = ({ requestType }: MethodDefinition<object, object>) =>
  (requestType.type as unknown as Message).field.map(({ name }) => name)

interface Call {
  metadata: Record<string, string>
  message: object
  /** In place of the message. */
  bytes?: Buffer
  deadlineMs: number
}

interface Answer {
  code: string
  details: string
  body?: object | undefined
  trailers: Metadata
}

interface Options {
  name: string
  /** Where gRPC is called: `host:port`. */
  at: string
  /** Of its HTTP, where each error of its table has a page. */
  url: string
  protoFile: string
  /** `orders.OrderService` */
  service: string
  timeoutMs?: number
}

const serverCodes = new Set(['UNAVAILABLE', 'UNKNOWN', 'INTERNAL'])
const needed = new Set(['prefix', 'full_number', 'reason', 'count'])

const requestErrors = new Set([
  ...['INVALID_ARGUMENT', 'NOT_FOUND', 'ALREADY_EXISTS', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED'],
  ...['FAILED_PRECONDITION', 'ABORTED', 'UNAUTHENTICATED', 'OUT_OF_RANGE'],
])

/** The methods of a `.proto` file, called with messages that are made from it. */
export function grpcTarget({ name, at, url, protoFile, service, timeoutMs = 15_000 }: Options) {
  const definitions = loadSync(protoFile, { keepCase: true, longs: Number, enums: String, defaults: true })
  const methods = Object.values(definitions[service] as Record<string, MethodDefinition<object, object>>)
  const messageNamed = (typeName: string) =>
    (definitions[typeName] ?? definitions[`${service.split('.')[0]}.${typeName}`])!.type as unknown as Message

  /** A message as a schema, so that it is filled as bodies are. */
  function schemaOf({ field }: Message): Schema {
    const names = field.filter((each) => !each.proto3Optional).map((each) => each.name)
    return {
      type: 'object',
      // Messages do not say what is needed; of a long one it is this.
      required: names.length <= 4 ? names : names.filter((each) => needed.has(each)),
      properties: Object.fromEntries(field.map((each) => [each.name, fieldSchema(each)])),
    }
  }
  function fieldSchema({ type, typeName, label }: Field): Schema {
    const schema =
      type === 'TYPE_MESSAGE'
        ? schemaOf(messageNamed(typeName))
        : (schemas[type] ?? { type: 'string', maxLength: 20 })
    return label === 'LABEL_REPEATED' ? { type: 'array', items: schema, minItems: 1 } : schema
  }

  function player({ known, coverage, findings, callers }: Shared & { callers: readonly Caller[] }): Player {
    const client = new Client(at, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 })
    const pages = new Map<string, Promise<boolean>>()
    const isInTable = (code: string) => {
      const asked = pages.get(code) ?? fetch(`${url}/errors/${code}`).then(({ ok }) => ok)
      pages.set(code, asked)
      return asked
    }
    const arbitraries = new Map(
      methods.map(({ path, requestType }) => [
        path,
        valuesOf({}, schemaOf(requestType.type as unknown as Message)),
      ]),
    )
    for (const { path } of methods) coverage.expect(name, path)

    return {
      async play(dice) {
        const method = dice.pick(methods)
        const call = callOf(method, arbitraries.get(method.path)!, dice)
        const path = dice.percent(1) ? `${method.path}X` : method.path
        const answer = await send(client, { ...method, path }, call)
        const [errorCode = ''] = answer.trailers.get('ordinal-error-code')
        const shown = serverCodes.has(answer.code)
          ? `${answer.code} ${String(errorCode)}`.trim()
          : answer.code
        coverage.count(name, path === method.path ? path : 'elsewhere', shown)
        if (answer.code === 'OK') known.learn(name, method.path, null, answer.body)
        const fault = await faultOf(call, answer, path === method.path)
        if (!fault) return
        const key = `${name} ${path} ${fault.kind}`
        const before = findings.get(key)
        if (before) before.times += 1
        else
          findings.set(key, { ...fault, service: name, operation: path, times: 1, line: lineOf(path, call) })
      },
      close: () => client.close(),
    }

    function callOf(
      method: MethodDefinition<object, object>,
      arbitrary: fc.Arbitrary<unknown>,
      dice: Dice,
    ): Call {
      const isGood = dice.percent(60)
      const about = dice.percent(60) ? known.thing(name, namesOf(method), dice) : {}
      const message = filled(dice.draw(arbitrary), '', dice, isGood, about) as object
      const metadata: Record<string, string> = lowerCase(dice.pick(callers).headers)
      if (dice.percent(30))
        metadata['idempotency-key'] = dice.pick([
          `key-${dice.below(40)}`,
          `new-${dice.below(2 ** 31)}`,
          ...(isGood ? [] : ['', 'é', 'x'.repeat(300)]),
        ])
      if (!isGood && dice.percent(20)) metadata['x-request-id'] = dice.pick(['a b', 'x'.repeat(300), ''])
      const isShort = dice.percent(10)
      return {
        metadata,
        message,
        ...(!isGood &&
          dice.percent(15) && { bytes: Buffer.from(dice.draw(fc.uint8Array({ maxLength: 200 }))) }),
        deadlineMs: isShort ? dice.pick([0, 1, 2, 20]) : timeoutMs,
      }
    }

    /** Fields with what is known, and some with what is odd. */
    function filled(value: unknown, field: string, dice: Dice, isGood: boolean, about: Thing): unknown {
      if (Array.isArray(value)) return value.map((each) => filled(each, field, dice, isGood, about))
      if (typeof value === 'object' && value !== null)
        return Object.fromEntries(
          Object.entries(value).map(([key, each]) => [key, filled(each, key, dice, isGood, about)]),
        )
      if (!isGood && dice.percent(20))
        return dice.pick<unknown>(typeof value === 'string' ? oddTexts : oddNumbers)
      const recalled = dice.percent(75) ? known.recall(name, field, dice, about) : undefined
      return recalled !== undefined && typeof recalled === typeof value ? recalled : value
    }

    async function faultOf(call: Call, answer: Answer, isServed: boolean): Promise<Fault | undefined> {
      const { code, details, trailers } = answer
      const isShort = call.deadlineMs < timeoutMs
      if (code === 'OK') return undefined
      if (code === 'DEADLINE_EXCEEDED')
        return isShort ? undefined : { kind: 'hang', detail: `no answer within ${timeoutMs} ms` }
      if (code === 'UNIMPLEMENTED' && !isServed) return undefined
      const [errorCode] = trailers.get('ordinal-error-code')
      if (code === 'UNAVAILABLE' && errorCode === 'overloaded') return undefined
      // A deadline that passes in the middle of a commit.
      if (code === 'UNKNOWN' && errorCode === 'outcome_unknown' && isShort) return undefined
      if (!requestErrors.has(code))
        return { kind: `${code} ${String(errorCode ?? '')}`.trim(), detail: details }
      if (errorCode === undefined) return { kind: `${code} without a code`, detail: details }
      if (!(await isInTable(String(errorCode))))
        return { kind: `unknown code ${String(errorCode)}`, detail: details }
      return faultOfDetails(answer, String(errorCode))
    }
  }

  const lineOf = (path: string, { metadata, message, bytes, deadlineMs }: Call) => {
    const headers = Object.entries(metadata).map(([key, value]) => `-H '${key}: ${value}'`)
    const data = bytes
      ? `(the bytes ${bytes.toString('hex')})`
      : JSON.stringify(message).replaceAll("'", "'\\''")
    return [
      'grpcurl -plaintext',
      ...headers,
      `-max-time ${deadlineMs / 1000}`,
      `-d '${data}'`,
      at,
      path.slice(1),
    ].join(' ')
  }

  return { player }
}

const lowerCase = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

const schemas: Record<string, Schema> = {
  TYPE_INT32: { type: 'integer', minimum: 0, maximum: 2 ** 31 - 1 },
  TYPE_INT64: { type: 'integer', minimum: 0 },
  TYPE_DOUBLE: { type: 'number', minimum: 0 },
  TYPE_BOOL: { type: 'boolean' },
}

function send(client: Client, method: MethodDefinition<object, object>, call: Call): Promise<Answer> {
  return new Promise((resolve) => {
    const metadata = new Metadata()
    for (const [key, value] of Object.entries(call.metadata))
      if (/^[ -~]*$/.test(value)) metadata.set(key, value)
    const serialize = (message: object) => call.bytes ?? method.requestSerialize(message)
    const options = { deadline: Date.now() + call.deadlineMs }
    client.makeUnaryRequest(
      method.path,
      serialize,
      method.responseDeserialize,
      call.message,
      metadata,
      options,
      done,
    )

    function done(error: ServiceError | null, body?: object) {
      if (!error) return resolve({ code: 'OK', details: '', body, trailers: new Metadata() })
      resolve({
        code: codes[error.code],
        details: error.details,
        trailers: error.metadata ?? new Metadata(),
      })
    }
  })
}

// As a client has them: https://github.com/googleapis/googleapis/tree/master/google/rpc
const types = fromJSON(
  {
    nested: {
      Any: { fields: { type_url: { id: 1, type: 'string' }, value: { id: 2, type: 'bytes' } } },
      Status: {
        fields: {
          code: { id: 1, type: 'int32' },
          message: { id: 2, type: 'string' },
          details: { id: 3, type: 'Any', rule: 'repeated' },
        },
      },
      ErrorInfo: { fields: { reason: { id: 1, type: 'string' }, domain: { id: 2, type: 'string' } } },
    },
  },
  { keepCase: true },
)
const read = <T>(type: string, bytes: Buffer) =>
  (types[type] as MessageTypeDefinition<object, object>).deserialize(bytes) as T

/** What does not agree in the typed details of an error. */
function faultOfDetails({ code, details, trailers }: Answer, errorCode: string): Fault | undefined {
  const [bytes] = trailers.get('grpc-status-details-bin')
  try {
    const status = read<{ code: number; message: string; details: { type_url: string; value: Buffer }[] }>(
      'Status',
      bytes as Buffer,
    )
    const info = status.details.find(({ type_url }) => type_url.endsWith('google.rpc.ErrorInfo'))
    const { reason } = read<{ reason: string }>('ErrorInfo', info!.value)
    const agrees =
      codes[status.code] === code && status.message === details && reason === errorCode.toUpperCase()
    return agrees
      ? undefined
      : {
          kind: 'details that differ',
          detail: `${JSON.stringify(status.message)} of ${code} ${errorCode}: ${details}`,
        }
  } catch (error) {
    return { kind: 'details that cannot be read', detail: (error as Error).message }
  }
}
