import { parseEnv } from 'node:util'
import { z } from 'zod'
import {
  defineConfig,
  describeConfig,
  groupVariables,
  parseConfig,
  renderEnvExample,
  renderMarkdownTable,
  variable,
} from '../src'
import { leastEnvironment, userServiceConfig } from './user-service-config'

const orderServiceConfig = defineConfig({
  prefixes: ['ORDER_SERVICE_'],
  variables: {
    redisUrl: userServiceConfig.variables.redisUrl,
    greeting: variable('ORDER_SERVICE_GREETING', z.string(), {
      default: "it's # 1",
      description: 'Said | at\nstart',
    }),
  },
})
const groups = groupVariables({
  'User service': describeConfig(userServiceConfig),
  'Order service': describeConfig(orderServiceConfig),
})

test('every variable is documented once, those of several services in front', () => {
  expect(groups.map(({ title, rows }) => [title, rows.length])).toEqual([
    ['Shared', 1],
    ['User service', 17],
    ['Order service', 1],
  ])
  expect(groups[0]?.rows[0]).toEqual({
    name: 'REDIS_URL',
    description: 'Redis for limits shared by instances',
    default: undefined,
    example: 'redis://localhost:6379',
    required: false,
    secret: false,
  })
})

test('.env.example says what each variable is', () => {
  const lines = renderEnvExample(groups)
  expect(lines).toContain('# --- User service ---\n\n# HTTP port\nUSER_SERVICE_PORT=8081\n')
  expect(lines).toContain(
    '# Redis for limits shared by instances. Optional\n# REDIS_URL=redis://localhost:6379\n',
  )
  expect(lines).toContain('JWT_SECRET=\n')
  expect(lines).toContain(`# Said | at start\nORDER_SERVICE_GREETING="it's # 1"\n`)
})

test('.env.example is an environment file that gives the defaults, once what is required is filled in', () => {
  const env = parseEnv(renderEnvExample(groups)) as Record<string, string>
  expect(() => parseConfig(userServiceConfig, env)).toThrow(/a fault:\n {2}JWT_SECRET is not set.*$/)
  const filledIn = { ...env, ...leastEnvironment }
  expect({ ...parseConfig(userServiceConfig, filledIn) }).toEqual({
    ...parseConfig(userServiceConfig, leastEnvironment),
  })
  expect(parseConfig(orderServiceConfig, filledIn).greeting).toBe("it's # 1")
})

test('the Markdown table has a row of three cells for each variable', () => {
  const table = renderMarkdownTable(groups)
  expect(table).toContain('### User service\n\n| Variable | Description | Default |\n| --- | --- | --- |\n')
  expect(table).toContain('| `USER_SERVICE_PORT` | HTTP port | `8081` |\n')
  expect(table).toContain(
    '| `JWT_SECRET` | Secret of the tokens, 32 characters or more (secret) | required |\n',
  )
  expect(table).toContain('| `REDIS_URL` | Redis for limits shared by instances | none |\n')
  expect(table).toContain("| `ORDER_SERVICE_GREETING` | Said \\| at start | `it's # 1` |\n")
})
