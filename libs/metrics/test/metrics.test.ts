import { createGrpcMetrics, createMetrics } from '../src'

test('requests are counted, timed and, when they fail, counted by kind', async () => {
  const metrics = createMetrics('user_service')
  for (const status of [200, 200, 404, 503]) {
    metrics.requestStarted()
    metrics.requestServed({ method: 'GET', route: '/api/v1/users/{id}', status, seconds: 0.004 })
  }
  metrics.requestStarted()
  const text = await metrics.scrape()
  expect(text).toContain(
    'user_service_requests_total{method="GET",route="/api/v1/users/{id}",status="200"} 2',
  )
  expect(text).toContain(
    'user_service_request_duration_seconds_bucket{le="0.005",method="GET",route="/api/v1/users/{id}"} 4',
  )
  expect(text).toContain('user_service_errors_total{type="client_error"} 1')
  expect(text).toContain('user_service_errors_total{type="server_error"} 1')
  expect(text).toContain('user_service_requests_in_flight 1')
  expect(text).toContain('process_resident_memory_bytes')
})

test('error counters exist before the first error', async () => {
  const text = await createMetrics('order_service').scrape()
  expect(text).toContain('order_service_errors_total{type="client_error"} 0')
  expect(text).toContain('order_service_errors_total{type="server_error"} 0')
})

test('two services in one process do not share a registry', async () => {
  const first = createMetrics('a')
  const second = createMetrics('b')
  first.requestServed({ method: 'GET', route: '/', status: 200, seconds: 1 })
  expect(await second.scrape()).not.toContain('a_requests_total')
})

test('methods that nobody uses share one series', async () => {
  const metrics = createMetrics('user_service')
  for (const method of ['PROPFIND', 'MKCOL', 'GET']) {
    metrics.requestServed({ method, route: '/', status: 405, seconds: 0.001 })
  }
  const series = (await metrics.scrape()).match(/^user_service_requests_total\{.*$/gm)
  expect(series).toEqual([
    'user_service_requests_total{method="other",route="/",status="405"} 2',
    'user_service_requests_total{method="GET",route="/",status="405"} 1',
  ])
})

test('gRPC calls are counted by method and code, and timed', async () => {
  const metrics = createMetrics('sequencer')
  const calls = createGrpcMetrics(metrics)
  const method = 'sequential.SequentialIDService/GetNext'
  for (const code of ['OK', 'OK', 'NOT_FOUND']) {
    calls.callStarted()
    calls.callServed({ method, code, seconds: 0.004 })
  }
  calls.callStarted()
  const text = await metrics.scrape()
  expect(text).toContain(`sequencer_grpc_requests_total{method="${method}",code="OK"} 2`)
  expect(text).toContain(`sequencer_grpc_requests_total{method="${method}",code="NOT_FOUND"} 1`)
  expect(text).toContain(`sequencer_grpc_request_duration_seconds_bucket{le="0.005",method="${method}"} 3`)
  expect(text).toContain('sequencer_grpc_requests_in_flight 1')
})
