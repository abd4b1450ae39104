import { TestEnvironment } from 'jest-environment-node'

/** Node, and it shows what the services of a test have logged when the test fails, while they still run. */
export default class ShowingLogs extends TestEnvironment {
  handleTestEvent({ name }: { name: string }): void {
    if (name === 'test_fn_failure' || name === 'hook_failure') this.global.showLogs?.()
  }
}
