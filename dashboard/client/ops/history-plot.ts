import uPlot from 'uplot'
import type { PressureBand } from '../../protocol.ts'
import { hourMinute, hourMinuteSecond, monthDay, siteTimeZone } from '../site-time.ts'
import { historyColumns, type Histories } from './history-series.ts'

/** The drawing of one place's pressure: mean as a line, least and greatest as a haze around it, the band of the
 *  place behind them. Axis in MPa and in the estates' own time. */
export interface PlotWords {
  supply: string
  return: string
  empty: string
  low: string
  high: string
  supplyMax: string
}

export interface TimeWindow {
  fromMs: number
  toMs: number
}

export interface PlotOptions {
  element: HTMLElement
  /** Where the values under the cursor are written. */
  readout: HTMLElement
  band: PressureBand
  words: PlotWords
}

/** MPa left free above and below the band. */
const marginMpa = 0.03
const columnOf = {
  t: 0,
  supplyMin: 1,
  supplyMax: 2,
  supply: 3,
  returnMin: 4,
  returnMax: 5,
  return: 6,
} as const

export class HistoryPlot {
  #options: PlotOptions
  #plot: uPlot | undefined
  #observer: ResizeObserver | undefined
  #window: TimeWindow = { fromMs: 0, toMs: 1 }
  /** The stretch someone has zoomed into, epoch s: a refresh leaves it alone. */
  #zoom: { min: number; max: number } | undefined

  constructor(options: PlotOptions) {
    this.#options = options
  }

  start(): void {
    const { element } = this.#options
    this.#plot = new uPlot(this.#uplotOptions(), [[], [], [], [], [], [], []], element)
    this.#plot.over.addEventListener('dblclick', () => {
      this.#zoom = undefined
      this.#fit()
    })
    this.#observer = new ResizeObserver(() => {
      this.#plot?.setSize({ width: element.clientWidth, height: element.clientHeight })
    })
    this.#observer.observe(element)
  }

  stop(): void {
    this.#observer?.disconnect()
    this.#plot?.destroy()
    this.#plot = undefined
  }

  show(histories: Histories, window: TimeWindow, gapMs: number): void {
    const { t, supply, return: ret } = historyColumns(histories, gapMs)
    this.#window = window
    this.#plot?.setData([t, supply.min, supply.max, supply.mean, ret.min, ret.max, ret.mean], false)
    this.#fit()
  }

  #fit(): void {
    const { fromMs, toMs } = this.#window
    this.#plot?.setScale('x', this.#zoom ?? { min: fromMs / 1000, max: toMs / 1000 })
  }

  #uplotOptions(): uPlot.Options {
    const { element, band } = this.#options
    const ink = inks(element)
    return {
      width: element.clientWidth,
      height: element.clientHeight,
      tzDate: (s) => uPlot.tzDate(new Date(s * 1000), siteTimeZone),
      legend: { show: false },
      cursor: { drag: { setScale: false, x: true, y: false }, y: false },
      scales: {
        x: { time: true, auto: false },
        y: { range: (_, low, high) => yRange(low, high, band) },
      },
      axes: [timeAxis(ink), pressureAxis(ink)],
      series: [{}, ...curveSeries(ink.supply), ...curveSeries(ink.return)],
      bands: [
        { series: [columnOf.supplyMax, columnOf.supplyMin], fill: ink.supplyHaze },
        { series: [columnOf.returnMax, columnOf.returnMin], fill: ink.returnHaze },
      ],
      hooks: {
        drawClear: [(plot) => paintBand(plot, band, ink)],
        draw: [(plot) => writeLimits(plot, this.#options, ink)],
        setSelect: [(plot) => this.#zoomTo(plot)],
        setCursor: [(plot) => this.#readOut(plot)],
      },
    }
  }

  #zoomTo(plot: uPlot): void {
    const { left, width } = plot.select
    if (width < 4) return
    this.#zoom = { min: plot.posToVal(left, 'x'), max: plot.posToVal(left + width, 'x') }
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
    this.#fit()
  }

  #readOut(plot: uPlot): void {
    const { readout, words } = this.#options
    const at = plot.cursor.idx
    const s = typeof at === 'number' ? plot.data[columnOf.t][at] : undefined
    if (typeof at !== 'number' || s === undefined) {
      readout.textContent = ''
      return
    }
    const value = (column: number) => plot.data[column]?.[at]
    const parts = [said(words.supply, value(columnOf.supply)), said(words.return, value(columnOf.return))]
    readout.textContent = [hourMinuteSecond(s * 1000), ...parts].filter(Boolean).join('   ')
  }
}

function said(word: string, mpa: number | null | undefined): string {
  return typeof mpa === 'number' ? `${word} ${mpa.toFixed(3)}` : ''
}

function yRange(low: number | null, high: number | null, band: PressureBand): uPlot.Range.MinMax {
  const least = Math.min(low ?? Infinity, band.lowLow / 1000)
  const greatest = Math.max(high ?? 0, band.supplyMax / 1000, band.high / 1000)
  return [Math.max(0, least - marginMpa), greatest + marginMpa]
}

type Ink = ReturnType<typeof inks>

function inks(element: HTMLElement) {
  const style = getComputedStyle(element)
  const ink = (name: string) => style.getPropertyValue(`--${name}`).trim()
  return {
    supply: ink('supply'),
    supplyHaze: ink('supply-haze'),
    return: ink('return'),
    returnHaze: ink('return-haze'),
    text: ink('quiet'),
    grid: ink('chart-grid'),
    band: ink('band'),
    empty: ink('zone-empty'),
    low: ink('zone-low'),
    limit: ink('limit'),
    font: `12px ${style.fontFamily}`,
  }
}

function curveSeries(stroke: string): uPlot.Series[] {
  const edge: uPlot.Series = { width: 0, stroke: 'transparent', points: { show: false } }
  return [edge, { ...edge }, { width: 2, stroke }]
}

const dayS = 86_400

function timeAxis(ink: Ink): uPlot.Axis {
  return {
    stroke: ink.text,
    font: ink.font,
    grid: { stroke: ink.grid, width: 1 },
    ticks: { show: false },
    space: 64,
    values: (plot, splits) => {
      const { min = 0, max = 0 } = { min: plot.scales['x']?.min, max: plot.scales['x']?.max }
      const label = max - min > 1.5 * dayS ? monthDay : hourMinute
      return splits.map((s) => label(s * 1000))
    },
  }
}

function pressureAxis(ink: Ink): uPlot.Axis {
  return {
    stroke: ink.text,
    font: ink.font,
    size: 46,
    incrs: [0.01, 0.02, 0.05, 0.1, 0.2],
    space: 36,
    grid: { stroke: ink.grid, width: 1 },
    ticks: { show: false },
    values: (_, splits) => splits.map((mpa) => mpa.toFixed(2)),
  }
}

function paintBand(plot: uPlot, band: PressureBand, ink: Ink): void {
  const { ctx, bbox } = plot
  const fill = (fromKpa: number, toKpa: number, style: string) => {
    const [bottom, top] = [fromKpa, toKpa].map((kpa) => within(plot, kpa))
    if (bottom === undefined || top === undefined) return
    ctx.fillStyle = style
    ctx.fillRect(bbox.left, top, bbox.width, bottom - top)
  }
  ctx.save()
  fill(0, band.lowLow, ink.empty)
  fill(band.lowLow, band.low, ink.low)
  fill(band.low, band.high, ink.band)
  ctx.restore()
}

function writeLimits(plot: uPlot, { band, words }: PlotOptions, ink: Ink): void {
  const { ctx, bbox } = plot
  ctx.save()
  ctx.font = ink.font.replace('12px', `${11 * devicePixelRatio}px`)
  ctx.fillStyle = ink.text
  ctx.strokeStyle = ink.limit
  ctx.lineWidth = devicePixelRatio
  ctx.textAlign = 'left'
  ctx.textBaseline = 'alphabetic'
  ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio])
  const limits = [
    { kpa: band.lowLow, word: words.empty },
    { kpa: band.low, word: words.low },
    { kpa: band.high, word: words.high },
    { kpa: band.supplyMax, word: words.supplyMax },
  ]
  for (const { kpa, word } of limits) {
    const y = Math.round(within(plot, kpa))
    ctx.beginPath()
    ctx.moveTo(bbox.left, y)
    ctx.lineTo(bbox.left + bbox.width, y)
    ctx.stroke()
    const above = kpa === band.lowLow ? 13 : -4
    ctx.fillText(
      `${word} ${(kpa / 1000).toFixed(3)}`,
      bbox.left + 6 * devicePixelRatio,
      y + above * devicePixelRatio,
    )
  }
  ctx.restore()
}

/** Canvas height of a pressure, held inside the drawing. */
function within(plot: uPlot, kpa: number): number {
  const { top, height } = plot.bbox
  return Math.min(top + height, Math.max(top, plot.valToPos(kpa / 1000, 'y', true)))
}
