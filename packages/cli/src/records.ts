import { InvalidArgumentError, type Command } from 'commander'
import type { Run } from './run'
import { integer } from './values'

const orderColumns = [
  'id',
  'order_number',
  'status',
  'user_id',
  'product_id',
  'quantity',
  'total_price',
  'created_at',
]
const userColumns = ['id', 'email', 'name', 'age', 'active', 'created_at']
const statuses = ['pending', 'confirmed', 'shipped', 'delivered', 'cancelled'] as const
type Status = (typeof statuses)[number]
interface OrderFilter {
  user?: number
  status?: Status
  withoutNumber?: boolean
}

const price = (text: string): number => {
  if (!/^\d+(\.\d{1,2})?$/.test(text)) throw new InvalidArgumentError('It is an amount such as 99.99.')
  return Number(text)
}
const status = (text: string): Status => {
  if (!statuses.includes(text as Status))
    throw new InvalidArgumentError(`It is one of ${statuses.join(', ')}.`)
  return text as Status
}

/** The commands about orders and users. */
export function addRecordCommands(program: Command, run: Run): void {
  const orders = program.command('orders').description('orders: list, get, place, set, delete')
  orders
    .command('list')
    .description('list orders, the oldest first')
    .option('--user <id>', 'only of this user', integer)
    .option('--status <status>', 'only in this status', status)
    .option('--without-number', 'only those that wait for their number')
    .action(
      run(({ ordinal, output }, { user, status, withoutNumber }: OrderFilter) =>
        output.many(
          ordinal.orders.list({ user_id: user, status, without_number: withoutNumber, page_size: 100 }),
          orderColumns,
        ),
      ),
    )
  orders
    .command('get <id-or-number>')
    .description('show an order, by its id or its number')
    .action(
      run(async ({ ordinal, output }, which: string) =>
        output.one(
          /^\d+$/.test(which)
            ? await ordinal.orders.get(Number(which))
            : await ordinal.orders.getByNumber(which),
        ),
      ),
    )
  orders
    .command('place')
    .description('place an order')
    .requiredOption('--user <id>', 'the user who orders', integer)
    .requiredOption('--product <id>', 'what is ordered')
    .requiredOption('--quantity <n>', 'how many', integer)
    .requiredOption('--total <amount>', 'what it costs, as 99.99', price)
    .option('--key <key>', 'the same key gives the same order again')
    .action(
      run(async ({ ordinal, output }, { user, product, quantity, total, key }: PlaceOptions) =>
        output.one(
          await ordinal.orders.create(
            { user_id: user, product_id: product, quantity, total_price: total },
            { idempotencyKey: key },
          ),
        ),
      ),
    )
  orders
    .command('set')
    .argument('<id>', 'of the order', integer)
    .argument('<status>', 'that it gets', status)
    .description('change the status of an order')
    .action(
      run(async ({ ordinal, output }, id: number, to: Status) =>
        output.one(await ordinal.orders.update(id, { status: to })),
      ),
    )
  orders
    .command('delete')
    .argument('<id>', 'of the order', integer)
    .description('delete an order, which keeps its number')
    .action(
      run(async ({ ordinal, output }, id: number) => {
        await ordinal.orders.delete(id)
        output.line(`Order ${id} is deleted`)
      }),
    )

  const users = program.command('users').description('users: list, get, create, delete')
  users
    .command('list')
    .description('list users, the oldest first')
    .option('--search <text>', 'only users whose name or e-mail address contains this')
    .action(
      run(({ ordinal, output }, { search }: { search?: string }) =>
        output.many(ordinal.users.list({ search, page_size: 100 }), userColumns),
      ),
    )
  users
    .command('get')
    .argument('<id>', 'of the user', integer)
    .description('show a user')
    .action(run(async ({ ordinal, output }, id: number) => output.one(await ordinal.users.get(id))))
  users
    .command('create')
    .description('create a user')
    .requiredOption('--email <address>', 'unique')
    .requiredOption('--name <name>', 'first and last')
    .requiredOption('--age <years>', 'in years', integer)
    .option('--key <key>', 'the same key gives the same user again')
    .action(
      run(async ({ ordinal, output }, { email, name, age, key }: CreateOptions) =>
        output.one(await ordinal.users.create({ email, name, age }, { idempotencyKey: key })),
      ),
    )
  users
    .command('delete')
    .argument('<id>', 'of the user', integer)
    .description('delete a user')
    .option('--erase', 'erase name, address and age for good')
    .action(
      run(async ({ ordinal, output }, id: number, { erase }: { erase?: boolean }) => {
        await ordinal.users.delete(id, erase ? { erase } : {})
        output.line(`User ${id} is ${erase ? 'erased' : 'deleted'}`)
      }),
    )
}

interface PlaceOptions {
  user: number
  product: string
  quantity: number
  total: number
  key?: string
}
interface CreateOptions {
  email: string
  name: string
  age: number
  key?: string
}
