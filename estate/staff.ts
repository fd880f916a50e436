import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { z } from 'zod'
import type { Clock } from '../platform/clock.ts'
import type { Records } from './records.ts'

/** Who works here, and who is signed in. Passwords are made by us, shown once and kept as scrypt; a session is a
 *  random token of which only a hash is kept, good for a shift after its last use. */

export const roles = ['engineer', 'dispatcher', 'admin'] as const
export type StaffRole = (typeof roles)[number]

export interface Session {
  token: string
  name: string
  role: StaffRole
  expiresMs: number
}

const sessionMs = 12 * 3_600_000
/** Wrong passwords for one name before it has to wait; a restart forgets them. */
const attemptsAllowed = 10
const attemptsMs = 5 * 60_000
const namesWatched = 10_000
const role = z.enum(roles)
/** Letters and digits that nobody mistakes for one another. */
const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789'

const derive = promisify<string, string, number, Buffer>(scrypt)

export class Staff {
  readonly #records: Records
  readonly #clock: Clock
  readonly #attempts = new Map<string, { count: number; sinceMs: number }>()

  constructor({ records, clock }: { records: Records; clock: Clock }) {
    this.#records = records
    this.#clock = clock
  }

  /** Returns the generated password; undefined where the name is taken. */
  async add(name: string, staffRole: StaffRole): Promise<string | undefined> {
    const password = readablePassword()
    const salt = randomBytes(16).toString('hex')
    const row = {
      name,
      role: staffRole,
      salt,
      digest: await hash(password, salt),
      created_ms: this.#clock.now(),
    }
    const added = await this.#records
      .insertInto('staff')
      .values(row)
      .onConflict((conflict) => conflict.column('name').doNothing())
      .executeTakeFirst()
    return added.numInsertedOrUpdatedRows === 1n ? password : undefined
  }

  /** On the very first start there is nobody: makes `admin` and returns its password, this once. */
  async ensureFirst(): Promise<{ name: string; password: string } | undefined> {
    const someone = await this.#records.selectFrom('staff').select('name').executeTakeFirst()
    if (someone) return undefined
    const password = await this.add('admin', 'admin')
    return password === undefined ? undefined : { name: 'admin', password }
  }

  async login(name: string, password: string): Promise<Session | undefined> {
    if (this.#isThrottled(name)) return undefined
    const row = await this.#records
      .selectFrom('staff')
      .selectAll()
      .where('name', '=', name)
      .executeTakeFirst()
    // An unknown name costs the same time as a wrong password.
    const given = await hash(password, row?.salt ?? 'nobody')
    if (!row || !sameHex(given, row.digest)) {
      this.#countAttempt(name)
      return undefined
    }
    this.#attempts.delete(name)
    const token = randomBytes(32).toString('base64url')
    const expiresMs = this.#clock.now() + sessionMs
    await this.#records.deleteFrom('session').where('expires_ms', '<', this.#clock.now()).execute()
    await this.#records
      .insertInto('session')
      .values({ digest: tokenDigest(token), staff: name, expires_ms: expiresMs })
      .execute()
    return { token, name, role: role.parse(row.role), expiresMs }
  }

  /** The session of a token while it is good; using it keeps it good. */
  async session(token: string): Promise<Session | undefined> {
    const nowMs = this.#clock.now()
    const row = await this.#records
      .selectFrom('session')
      .innerJoin('staff', 'staff.name', 'session.staff')
      .select(['staff.name', 'staff.role', 'session.expires_ms'])
      .where('session.digest', '=', tokenDigest(token))
      .where('session.expires_ms', '>', nowMs)
      .executeTakeFirst()
    if (!row) return undefined
    const expiresMs = nowMs + sessionMs
    // Written at most every few minutes: a busy screen asks often.
    if (expiresMs - row.expires_ms > sessionMs / 100) {
      await this.#records
        .updateTable('session')
        .set({ expires_ms: expiresMs })
        .where('digest', '=', tokenDigest(token))
        .execute()
    }
    return { token, name: row.name, role: role.parse(row.role), expiresMs }
  }

  async logout(token: string): Promise<void> {
    await this.#records.deleteFrom('session').where('digest', '=', tokenDigest(token)).execute()
  }

  /** Everybody, by name. */
  async colleagues(): Promise<readonly { name: string; role: StaffRole }[]> {
    const rows = await this.#records.selectFrom('staff').select(['name', 'role']).orderBy('name').execute()
    return rows.map((row) => ({ name: row.name, role: role.parse(row.role) }))
  }

  #isThrottled(name: string): boolean {
    const known = this.#attempts.get(name)
    if (!known) return false
    if (this.#clock.now() - known.sinceMs > attemptsMs) this.#attempts.delete(name)
    return known.count >= attemptsAllowed && this.#attempts.has(name)
  }

  #countAttempt(name: string): void {
    const known = this.#attempts.get(name)
    if (known) known.count++
    else {
      if (this.#attempts.size >= namesWatched) this.#attempts.clear()
      this.#attempts.set(name, { count: 1, sinceMs: this.#clock.now() })
    }
  }
}

/** Four groups of four: 79 bits, to be read from a screen and typed on a phone. */
function readablePassword(): string {
  // 248 is the largest multiple of 31 below 256: every letter is as likely as any other.
  const letters = [...randomBytes(64)]
    .filter((byte) => byte < 248)
    .map((byte) => alphabet[byte % alphabet.length])
  return [0, 4, 8, 12].map((at) => letters.slice(at, at + 4).join('')).join('-')
}

async function hash(password: string, salt: string): Promise<string> {
  return (await derive(password, salt, 32)).toString('hex')
}

function tokenDigest(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

function sameHex(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
