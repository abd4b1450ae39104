import fc from 'fast-check'
import {
  evaluation,
  faultsOfLint,
  faultsOfRendering,
  production,
  render,
  renderObjects,
  shippedValues,
  type Values,
} from '../src/chart'
import { podsOf } from '../src/pods'
import { withPrograms } from '../src/with-programs'

/** What helm says of the values of production with one of them changed. */
const refusal = (json: Record<string, unknown>, { files, set }: Values = production) =>
  faultsOfRendering({ files, set, json })

withPrograms('values of the chart', () => {
  test.each(shippedValues())('helm lint --strict has nothing against %s', (_, values) => {
    expect(faultsOfLint(values)).toBe('')
  })

  test.each([
    ['servces', { x: 1 }, "at '': additional properties 'servces' not allowed"],
    [
      'services.sequencer.replica',
      3,
      "at '/services/sequencer': additional properties 'replica' not allowed",
    ],
    ['services.sequencer.replicas', 'three', "at '/services/sequencer/replicas': got string, want integer"],
    [
      'services.sequencer.env.SEQUENCER_MAX_WAITNG',
      1,
      "at '/services/sequencer/env': additional properties 'SEQUENCER_MAX_WAITNG' not allowed",
    ],
    [
      'services.order-service.env.SEQUENCER_MAX_WAITING',
      1,
      "at '/services/order-service/env': additional properties",
    ],
    [
      'services.sequencer.env.SEQUENCER_SIGNING_KEY',
      'x',
      "at '/services/sequencer/env': additional properties",
    ],
    ['services.sequencer.env.SEQUENCER_PORT', 80, "at '/services/sequencer/env': additional properties"],
    ['env.SEQUENCER_DEMOS', true, "at '/env': additional properties 'SEQUENCER_DEMOS' not allowed"],
    [
      'services.user-service.database.existingSecret',
      'Not A Name',
      "at '/services/user-service/database/existingSecret'",
    ],
    ['services.sequencer.hostnames', ['https://numbers.example.com'], "at '/services/sequencer/hostnames/0'"],
    [
      'services.sequencer.autoscaling.waitingRequests',
      -1,
      "at '/services/sequencer/autoscaling/waitingRequests'",
    ],
    ['auth.jwks.url', 'http://login.example.com', "at '/auth/jwks/url'"],
    ['networkPolicy.gateways', [{}], "at '/networkPolicy/gateways/0'"],
    [
      'services.order-service.resources.limits.memory',
      'much',
      "at '/services/order-service/resources/limits/memory'",
    ],
    ['shutdown.preStopSeconds', 0, "at '/shutdown/preStopSeconds'"],
    ['tls.duration', 'a year', "at '/tls/duration'"],
    [
      'services.sequencer.database.existingSecret',
      '',
      'services.sequencer.database.existingSecret: is not set',
    ],
    [
      'services.sequencer.autoscaling.minReplicas',
      9,
      'services.sequencer.autoscaling.minReplicas: is above maxReplicas',
    ],
    ['gateway.backendCA', '', 'gateway.backendCA: is not set'],
    ['gateway.parentRefs', [], 'gateway.parentRefs: is empty'],
    ['auth.jwks.audience', '', 'auth.jwks: issuer and audience are needed'],
  ])('%s = %j is refused with its path', (path, value, says) => {
    expect(refusal({ [path]: value })).toContain(says)
  })

  test('a typo is refused by helm lint, too', () => {
    expect(faultsOfLint({ ...production, json: { 'services.sequencer.replica': 3 } })).toContain(
      "at '/services/sequencer': additional properties 'replica' not allowed",
    )
  })

  test('what belongs together is refused apart', () => {
    const clientsNeedOne = { 'tls.requireClientCertificate': true }
    expect(refusal({ ...clientsNeedOne, 'networkPolicy.enabled': false })).toContain(
      'tls.requireClientCertificate: needs networkPolicy',
    )
    expect(refusal({ ...clientsNeedOne, 'tls.enabled': false })).toContain(
      'tls.requireClientCertificate: needs tls.enabled',
    )
    expect(refusal({ 'auth.jwks.url': '', 'auth.apiKeys.existingSecret': '' })).toContain(
      'auth: nobody could be known',
    )
    expect(refusal({ 'evaluation.seed': 'short' }, { files: evaluation.files! })).toContain(
      'evaluation.seed: is not set',
    )
  })

  test('a value of a variable is written as it was given, large numbers too', () => {
    const scalar = fc.oneof(
      fc.maxSafeInteger(),
      fc.constantFrom(1_000_000, 300_000, 0.05, true, false),
      fc.stringMatching(/^[ -~]{1,20}$/),
    )
    fc.assert(
      fc.property(scalar, scalar, (logLevel, maxWaiting) => {
        const env = { SEQUENCER_LOG_LEVEL: logLevel, SEQUENCER_MAX_WAITING: maxWaiting }
        const pods = podsOf(renderObjects({ ...production, json: { 'services.sequencer.env': env } }))
        const given = pods.find(({ workload }) => workload.metadata.name === 'ordinal-sequencer')!
          .containers[0]!.env
        const valueOf = (name: string) => given.find((variable) => variable.name === name)?.value
        expect([valueOf('SEQUENCER_LOG_LEVEL'), valueOf('SEQUENCER_MAX_WAITING')]).toEqual([
          String(logLevel),
          String(maxWaiting),
        ])
      }),
      { numRuns: 15 },
    )
  })

  test.each(shippedValues())('%s gives the same text twice', (_, values) => {
    expect(render(values)).toBe(render(values))
  })
})
