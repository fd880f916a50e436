/** What a visitor chose on this device: kept in localStorage, and in a cookie of the same name so that the
 *  server's first paint shows the same site and language. Storage may be forbidden (a private window): then the
 *  choice lasts as long as the page. */
export type Preference = 'site' | 'language' | 'theme'

const yearS = 365 * 86_400

export function recall(preference: Preference): string | undefined {
  const asked = new URLSearchParams(location.search).get(preference === 'language' ? 'lang' : preference)
  return asked ?? readStored(storageKey(preference))
}

export function remember(preference: Preference, value: string): void {
  const key = storageKey(preference)
  document.cookie = `${key}=${encodeURIComponent(value)}; Path=/; Max-Age=${yearS}; SameSite=Lax`
  try {
    localStorage.setItem(key, value)
  } catch {
    return
  }
}

function readStored(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined
  } catch {
    return undefined
  }
}

function storageKey(preference: Preference): string {
  return `estate-${preference}`
}
