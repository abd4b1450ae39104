import { Registry } from 'prom-client'
import { registerBreakerMetrics } from '../src'
import { breakerOptions, clientOf, endAll, failureOf, get, refusingUrl, startServer, until } from './servers'

afterEach(endAll)

test('the metrics of several clients, in the names of the documentation', async () => {
  const server = await startServer((request, response) =>
    response.writeHead(request.url === '/no' ? 404 : 200).end(),
  )
  const sequencer = clientOf(server.url, { name: 'sequencer' })
  const users = clientOf(await refusingUrl(), { breaker: { ...breakerOptions, resetTimeoutMs: 60_000 } })
  const orders = clientOf(await refusingUrl(), { name: 'orders' })
  const registry = new Registry()
  registerBreakerMetrics(registry, 'order_service', [users, sequencer, orders])

  await sequencer.request(get)
  await sequencer.request({ method: 'GET', path: '/no' })
  for (let call = 0; call < breakerOptions.volumeThreshold + 2; call++) await failureOf(users.request(get))
  const lines = async () => (await registry.metrics()).split('\n')
  for (let read = 0; read < 2; read++) {
    expect(await lines()).toEqual(
      expect.arrayContaining([
        'order_service_circuit_breaker_state{service="user-service"} 2',
        'order_service_circuit_breaker_state{service="sequencer"} 0',
        'order_service_circuit_breaker_opened_total{service="user-service"} 1',
        'order_service_circuit_breaker_opened_total{service="sequencer"} 0',
        'order_service_client_requests_total{service="user-service",outcome="refused"} 5',
        'order_service_client_requests_total{service="user-service",outcome="open"} 2',
        'order_service_client_requests_total{service="sequencer",outcome="ok"} 1',
        'order_service_client_requests_total{service="sequencer",outcome="client_error"} 1',
        'order_service_client_requests_total{service="sequencer",outcome="timeout"} 0',
        'order_service_client_retries_total{service="user-service"} 0',
      ]),
    )
  }

  for (let call = 0; call < breakerOptions.volumeThreshold; call++) await failureOf(orders.request(get))
  await until(() => orders.state() === 'half_open')
  expect(await lines()).toContain('order_service_circuit_breaker_state{service="orders"} 1')
})
