import { useEffect, useRef } from 'preact/hooks'
import type { PressureBand } from '../../protocol.ts'
import { language } from '../language.ts'
import { HistoryPlot, type TimeWindow } from './history-plot.ts'
import type { Histories } from './history-series.ts'
import { say } from './say.ts'
import { theme } from './theme.ts'

interface Chart {
  histories: Histories
  window: TimeWindow
  gapMs: number
  band: PressureBand
  /** What the drawing shows, for those who cannot see it. */
  says: string
}

/** The plot is made once per band, language and theme; a refresh only hands it new data. */
export function HistoryChart({ histories, window, gapMs, band, says }: Chart) {
  const host = useRef<HTMLDivElement>(null)
  const readout = useRef<HTMLParagraphElement>(null)
  const plot = useRef<HistoryPlot | null>(null)
  const look = `${language.value} ${theme.value} ${Object.values(band).join(' ')}`

  useEffect(() => {
    if (!host.current || !readout.current) return
    const made = new HistoryPlot({ element: host.current, readout: readout.current, band, words: words() })
    made.start()
    plot.current = made
    return () => made.stop()
  }, [look])

  useEffect(() => {
    plot.current?.show(histories, window, gapMs)
  }, [histories, gapMs, look])

  return (
    <>
      <div class="chart" ref={host} role="img" aria-label={says} />
      <div class="chart-foot">
        <p class="chart-readout" ref={readout} />
        <p class="hint">{say('zoomHint')}</p>
      </div>
    </>
  )
}

function words() {
  return {
    supply: say('supply'),
    return: say('return'),
    empty: say('key-low-low'),
    low: say('key-low'),
    high: say('heat-high'),
    supplyMax: say('key-supply-max'),
  }
}
