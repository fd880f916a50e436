import { createHmac, randomBytes, type KeyObject } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The one secret of an installation: 32 random bytes in `DATA_DIR/server.key`, readable by its owner only. A
 *  database that is stolen without it holds no usable device password. */
export function serverKey(dataDir: string): Buffer {
  const file = join(dataDir, 'server.key')
  if (!existsSync(file)) {
    mkdirSync(dataDir, { recursive: true })
    writeFileSync(file, randomBytes(32), { mode: 0o600, flag: 'wx' })
  }
  const key = readFileSync(file)
  if (key.length !== 32) throw new Error(`${file} is not a server key of 32 bytes`)
  return key
}

/** HMAC-SHA-256, hex. Secrets of 128 bits and more need no slow hash; people's passwords do (see staff.ts). */
export function digest(key: Buffer | KeyObject, secret: string | Buffer): string {
  return createHmac('sha256', key).update(secret).digest('hex')
}

/** The password of one of our own roles at the broker: derived, so nothing has to be handed around. */
export function serviceSecret(key: Buffer, name: string): string {
  return digest(key, `service:${name}`)
}
