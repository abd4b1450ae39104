/** What a value can be; a value without any event is unused. */
export const numberStates = ['reserved', 'issued', 'free', 'void'] as const
export type NumberState = (typeof numberStates)[number]
