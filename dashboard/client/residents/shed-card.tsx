import type { PortView, ShedView } from '../../protocol.ts'
import { inLanguage } from '../language.ts'
import { faceOf, tallyFaces, tallyOf, wordOf, type Sight, type Tally } from './port-face.ts'
import { say, sayAge } from './say.ts'
import { Shape } from './shape.tsx'

export function ShedCard({
  shed,
  ports,
  sight,
}: {
  shed: ShedView
  ports: readonly PortView[]
  sight: Sight
}) {
  return (
    <section class="shed" id={`shed-${shed.id}`} aria-labelledby={`name-${shed.id}`}>
      <div class="shed-top">
        <h2 class="shed-name" id={`name-${shed.id}`}>
          {inLanguage(shed.name)}
        </h2>
        <TallyRow tally={tallyOf(ports, sight)} />
      </div>
      <ol class="ports">
        {ports.map((port) => (
          <PortTile key={port.id} port={port} sight={sight} />
        ))}
      </ol>
      <Repairs ports={ports} />
    </section>
  )
}

const tallyWords = { free: 'free', inUse: 'inUse', outOfOrder: 'outOfOrder', unknown: 'unknown' } as const
const tallyOrder = ['free', 'inUse', 'outOfOrder', 'unknown'] as const

function TallyRow({ tally }: { tally: Tally }) {
  return (
    <ul class="tally">
      {tallyOrder.map((group) => (
        <li key={group} class="tally-item" data-face={tallyFaces[group]}>
          <Shape face={tallyFaces[group]} />
          <b class="tally-count">{tally[group]}</b>
          <span>{say(tallyWords[group])}</span>
        </li>
      ))}
    </ul>
  )
}

function PortTile({ port, sight }: { port: PortView; sight: Sight }) {
  const face = faceOf(port, sight)
  const word = say(wordOf(port, face))
  const age = port.t === undefined ? say('age-never') : sayAge(sight.nowMs - port.t)
  return (
    <li class="port" data-face={face} data-port={port.id}>
      <span class="port-label">{port.label}</span>
      <Shape face={face} />
      <span class="port-word">{word}</span>
      <span class="port-age">{age}</span>
    </li>
  )
}

function Repairs({ ports }: { ports: readonly PortView[] }) {
  const reported = ports.flatMap(({ label, order }) => (order ? [{ label, order }] : []))
  if (reported.length === 0) return null
  return (
    <ul class="repairs">
      {reported.map(({ label, order }) => (
        <li key={label} class="repair">
          {say('repair', { label, order: order.id, state: say(`order-${order.state}`) })}
        </li>
      ))}
    </ul>
  )
}
