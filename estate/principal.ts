/** Who is connected to the broker, once the password was right. */
export type Principal =
  | {
      type: 'device'
      id: string
      /** Topic prefixes, ending in '/', under which it may publish: its own, and its children's for a gateway. */
      publish: readonly string[]
      /** Topic prefixes under which it may subscribe to what the server says. */
      subscribe: readonly string[]
    }
  | { type: 'service'; name: string }
