import { createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Principal } from './principal.ts'
import { portions, type Records, type RecordsTransaction } from './records.ts'
import { digest, serviceSecret } from './server-key.ts'

/** What lets a device in: a secret we made (192 random bits), of which only an HMAC is kept. A device may have
 *  several, so that a new firmware gets its own before the old one loses its. */
const secretBytes = 24
/** Our own roles: srv-ingest, srv-flows … */
const servicePrefix = 'srv-'

export interface Login {
  username: string
  password: string
}

export interface IssuedCredential extends Login {
  topics: { publish: string[]; subscribe: string[] }
}

/** Makes one more credential for a device, revokes none. Undefined for a device the registry does not know. */
export async function issueCredential(
  records: Records | RecordsTransaction,
  key: Buffer,
  { device, atMs }: { device: string; atMs: number },
): Promise<IssuedCredential | undefined> {
  const prefixes = await topicPrefixes(records, device)
  if (!prefixes) return undefined
  const password = newPassword()
  await records
    .insertInto('credential')
    .values({ device, digest: digest(key, password), created_ms: atMs })
    .execute()
  return { username: device, password, topics: topicsUnder(prefixes) }
}

/** Makes one for every device of the registry that has none, all in a few statements: a district has 94,000.
 *  In the order of their ids. */
export async function issueMissingCredentials(
  trx: RecordsTransaction,
  key: Buffer,
  atMs: number,
): Promise<Login[]> {
  const secretKey = createSecretKey(key)
  const issued = (await devicesWithoutCredential(trx)).map((username) => ({
    username,
    password: newPassword(),
  }))
  for (const part of portions(issued)) {
    const rows = part.map(({ username, password }) => ({
      device: username,
      digest: digest(secretKey, password),
      created_ms: atMs,
    }))
    await trx.insertInto('credential').values(rows).execute()
  }
  return issued
}

function newPassword(): string {
  return randomBytes(secretBytes).toString('base64url')
}

function topicsUnder(prefixes: readonly string[]): IssuedCredential['topics'] {
  const said = ['conn', 'meta', 'tele/#', 'state/#', 'event/#', 'batch', 'hist/#', 'ack/+']
  const heard = ['cmd/+', 'want', 'reject']
  const under = (classes: readonly string[]) =>
    prefixes.flatMap((prefix) => classes.map((name) => prefix + name))
  return { publish: under(said), subscribe: [...under(heard), 'srv/1/status'] }
}

/** Devices of the registry that have no credential yet. */
async function devicesWithoutCredential(records: RecordsTransaction): Promise<string[]> {
  const rows = await records
    .selectFrom('device')
    .select('device.id')
    .where((eb) =>
      eb.not(
        eb.exists(
          eb.selectFrom('credential').select('credential.id').whereRef('credential.device', '=', 'device.id'),
        ),
      ),
    )
    .orderBy('device.id')
    .execute()
  return rows.map(({ id }) => id)
}

/** Checks a user name and a password at the broker. An unknown user costs the same as a wrong password. */
export class CredentialVerifier {
  readonly #records: Records
  readonly #key: Buffer

  constructor(records: Records, key: Buffer) {
    this.#records = records
    this.#key = key
  }

  async verify(username: string, password: Buffer): Promise<Principal | undefined> {
    if (username.startsWith(servicePrefix)) {
      const right = sameText(password.toString(), serviceSecret(this.#key, username))
      return right ? { type: 'service', name: username } : undefined
    }
    const given = digest(this.#key, password)
    const rows = await this.#records
      .selectFrom('credential')
      .select('digest')
      .where('device', '=', username)
      .execute()
    if (!rows.some((row) => sameText(row.digest, given))) return undefined
    const prefixes = await topicPrefixes(this.#records, username)
    return prefixes && { type: 'device', id: username, publish: prefixes, subscribe: prefixes }
  }
}

/** Its own, and for a gateway those of the devices that report through it. */
async function topicPrefixes(
  records: Records | RecordsTransaction,
  device: string,
): Promise<string[] | undefined> {
  const rows = await records
    .selectFrom('device')
    .select(['id', 'site', 'kind'])
    .where((eb) => eb.or([eb('id', '=', device), eb('comms', '=', device)]))
    .orderBy('id')
    .execute()
  const own = rows.find(({ id }) => id === device)
  if (!own) return undefined
  return [own, ...rows.filter((row) => row !== own)].map(
    ({ id, site, kind }) => `est/1/${site}/${kind}/${id}/`,
  )
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
