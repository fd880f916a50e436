import type { Client } from 'aedes'
import { z } from 'zod'

/** aedes has no limit on the size of a packet: its parser would collect 256 MiB. The length of a packet is known
 *  with its first bytes, so the parser's own step that reads it is wrapped, and the connection of who announces
 *  too much ends there. This leans on two private names, `client._parser` and `_parseLength` (aedes 1.2,
 *  mqtt-packet 9), which is why the versions are pinned by the lock file and a test proves the limit. */

interface Parser {
  packet: { length: number }
  error: unknown
  _parseLength(): boolean
  emit(event: 'error', error: Error): boolean
}

const withParser = z.object({
  _parser: z.custom<Parser>(
    (value) => z.object({ _parseLength: z.function(), emit: z.function() }).safeParse(value).success,
  ),
})

export class PacketTooLarge extends Error {
  constructor(bytes: number, limit: number) {
    super(`a packet of ${bytes} bytes, ${limit} are allowed`)
    this.name = 'PacketTooLarge'
  }
}

/** To be called right after `broker.handle(socket)`, before the first byte is read. */
export function limitPackets(client: Client, maxBytes: number): void {
  const { _parser: parser } = withParser.parse(client)
  const parseLength = parser._parseLength.bind(parser)
  parser._parseLength = () => {
    const known = parseLength()
    const { length } = parser.packet
    if (!known || length <= maxBytes) return known
    const error = new PacketTooLarge(length, maxBytes)
    parser.error = error
    parser.emit('error', error)
    return false
  }
}
