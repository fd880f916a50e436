import { z } from 'zod'
import { duration, hour, minute, positive, second, share } from '../numbers.ts'

/** The numbers of the device rules (domain.md B): a part of every site's parameters. */

const day = 24 * hour
const count = (fallback: number) => z.int().min(1).default(fallback)

export const deviceParameters = {
  /** Device offline: periods of silence, and how many messages prove that it is back. */
  D01: z
    .object({
      missedPeriods: positive(3),
      atLeastMs: duration(3 * minute),
      /** From this period on a device counts as one that uploads and sleeps. */
      sleeperPeriodMs: duration(6 * hour),
      sleeperMissedUploads: positive(2),
      sleeperGraceMs: duration(2 * hour),
      backAfterMessages: z.int().min(1).default(2),
      /** A line that is dead by itself mends itself nearly always, after forty minutes or so: whom nobody else shares
       *  the silence with is worth an order after so long. Of a hundred such lines two are dead for longer than a
       *  house may be. What many share is worth an order at once (D02). */
      stationAloneMs: duration(30 * minute),
      houseAloneMs: duration(2.5 * hour),
      otherAloneMs: duration(4 * hour),
    })
    .prefault({}),
  /** Stuck sensor: it does not move by more than its resolution for so long, in so many samples. */
  D03: z.object({ stuckMs: duration(6 * hour), samples: count(60), offDelayMs: duration(hour) }).prefault({}),
  /** Impossible values: in a row missing, at the end of the range, or up and down faster than physics. */
  D04: z
    .object({
      inARow: count(3),
      /** By so much three gauges, of supply, return and their difference, may contradict each other. */
      disagreeKpa: positive(30),
      offDelayMs: duration(30 * minute),
    })
    .prefault({}),
  /** Clock drift: device minus server, median of five live messages; or a time that cannot be true. */
  D05: z
    .object({
      offMs: positive(minute),
      hysteresisMs: positive(20 * second),
      /** After a reconnect a device says at once what it could not: that is late, not wrong. */
      onDelayMs: duration(5 * minute),
      /** A board that has just started may speak before it has asked for the time. */
      lostOnDelayMs: duration(minute),
      offDelayMs: duration(hour),
    })
    .prefault({}),
  /** Numbers that repeat themselves, go back, or stand for two samples. */
  D06: z
    .object({
      repeatedShare: share(0.05),
      /** A share of few says nothing. */
      repeatedAtLeast: count(8),
      clonesAtLeast: count(3),
      windowMs: duration(hour),
      messagesAtLeast: count(100),
      /** MQTT delivers again after a reconnect. */
      reconnectMs: duration(2 * minute),
      offDelayMs: duration(24 * hour),
    })
    .prefault({}),
  /** Reboot loop: so many boots within a short time, or within a day. */
  D07: z
    .object({
      boots: count(3),
      withinMs: duration(30 * minute),
      bootsOfDay: count(6),
      dayMs: duration(24 * hour),
      /** So long one waits for the others of its firmware. */
      aloneMs: duration(30 * minute),
      offDelayMs: duration(24 * hour),
    })
    .prefault({}),
  /** Contract violation. Well-formed JSON that breaks the contract twice in the same way is a firmware's; bytes that
   *  nobody can read may be the line's, until they are a good part of all that comes. */
  D09: z
    .object({
      times: count(2),
      withinMs: duration(24 * hour),
      unreadableTimes: count(4),
      unreadableShare: share(0.25),
      /** Over, when none came for so long, and for the off-delay. */
      restMs: duration(10 * minute),
      /** So long one waits for the others of its firmware. */
      aloneMs: duration(10 * minute),
      offDelayMs: duration(24 * hour),
    })
    .prefault({}),
  /** Low battery. Cells differ: a lithium thionyl chloride cell (3.6 V) is near its end at 3.2 V, the coin cell of a
   *  charger's clock is as good as new at 3.0 V. */
  D08: z
    .object({
      meterLowMv: positive(3_200),
      roomLowMv: positive(3_200),
      clockCellLowMv: positive(2_500),
      hysteresisMv: positive(100),
      lowPct: positive(15),
      /** One report may be of a cold night, or of a moment of transmission. */
      reports: count(3),
      /** Of a cell that falls fast: below this nothing works, and so long it should still last. */
      emptyMv: positive(2_900),
      lastsMs: duration(60 * day),
      /** A slope is believed over so long at least. */
      slopeOverMs: duration(14 * day),
    })
    .prefault({}),
}
