import { Gauge, type Registry } from 'prom-client'

const name = 'tls_certificate_expiry_timestamp_seconds'

/**
 * Shows until when the certificates in use are valid: `tls_certificate_expiry_timestamp_seconds{use}`, which has the same name in
 * all services, so that one alert is for all that have one.
 *
 * @returns sets it for one use
 */
export function certificateExpiry({ registry }: { registry: Registry }) {
  const gauge =
    (registry.getSingleMetric(name) as Gauge | undefined) ??
    new Gauge({
      name,
      help: 'When the certificate in use expires, in seconds since 1970',
      labelNames: ['use'],
      registers: [registry],
    })
  return (use: string, validTo: Date | undefined): void => {
    if (validTo) gauge.set({ use }, validTo.getTime() / 1_000)
  }
}

/** Until when the certificates in use are valid, by what they are for. */
export async function certificateExpiries({
  registry,
}: {
  registry: Registry
}): Promise<{ use: string; validTo: Date }[]> {
  const gauge = registry.getSingleMetric(name) as Gauge | undefined
  const { values = [] } = (await gauge?.get()) ?? {}
  return values.map(({ labels, value }) => ({ use: String(labels.use), validTo: new Date(value * 1_000) }))
}
