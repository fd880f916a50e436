import type { Response } from 'express'
import type { Session } from './ports.ts'

/** The session travels in one cookie that no script can read and no other site can send. `SameSite=Strict` is
 *  also what keeps a foreign page from posting, or from opening a websocket, in somebody's name. */
const cookieName = 'estate_session'

const attributes = { httpOnly: true, sameSite: 'strict', path: '/' } as const
const longestCookie = 4_096

/** The token in a `Cookie` header; undefined where there is none. */
export function sessionTokenOf(header: string | undefined): string | undefined {
  if (header === undefined || header.length > longestCookie) return undefined
  for (const pair of header.split(';')) {
    const [name, value] = pair.split('=', 2)
    if (name?.trim() === cookieName && value) return value.trim()
  }
  return undefined
}

export function setSessionCookie(
  response: Response,
  { token, expiresMs }: Pick<Session, 'token' | 'expiresMs'>,
): void {
  response.cookie(cookieName, token, {
    ...attributes,
    secure: response.req.secure,
    expires: new Date(expiresMs),
  })
}

export function clearSessionCookie(response: Response): void {
  response.clearCookie(cookieName, attributes)
}
