/** What an operation of a generated OpenAPI type answers when it succeeds. */
export type Answer<Operation> = Operation extends { responses: infer Responses }
  ? JsonOf<Responses[Extract<keyof Responses, 200 | 201>]>
  : never

/** What it takes as a body. */
export type Body<Operation> = Operation extends { requestBody?: infer Content }
  ? JsonOf<NonNullable<Content>>
  : never

/** Its query, without what the client sends itself. */
export type Query<Operation> = Operation extends { parameters: { query?: infer Fields } }
  ? Omit<NonNullable<Fields>, 'cursor' | 'page'>
  : never

/** Its query with the place in the list, for those who read a piece of it. */
export type PageQuery<Operation> = Operation extends { parameters: { query?: infer Fields } }
  ? NonNullable<Fields>
  : never

type JsonOf<Message> = Message extends { content: { 'application/json': infer Content } } ? Content : void

/** An item of a list that an operation answers. */
export type Item<Operation> = Answer<Operation> extends { data: (infer One)[] } ? One : never
