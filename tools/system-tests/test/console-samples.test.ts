import { consoleModule } from './console-module'

interface Sample {
  name: string
  value: number
}
const { samplesIn, gaugeOf } = consoleModule<{
  samplesIn: (text: string) => Sample[]
  gaugeOf: (samples: Sample[], name: string) => number | undefined
}>('api/samples.ts')

test.each([
  ['order_service_outbox_pending 12', 12],
  ['order_service_outbox_pending 0', 0],
  ['order_service_outbox_pending NaN', undefined],
  ['order_service_outbox_oldest_seconds 0', undefined],
])('of a gauge that a service does not know there is no value, and not zero: %s', (line, value) => {
  expect(gaugeOf(samplesIn(`# TYPE a gauge\n${line}\n`), 'order_service_outbox_pending')).toBe(value)
})
