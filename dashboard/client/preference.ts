/** What a visitor chose on this device: kept in localStorage, and in a cookie of the same name so that the
 *  server's first paint shows the same site and language. Storage may be forbidden (a private window): then the
 *  choice lasts as long as the page. */
export type Preference = 'site' | 'language' | 'theme'

const parameters = { site: 'site', language: 'lang', theme: 'theme' } as const
const yearS = 365 * 86_400

/** The address counts for more than what was kept. */
export function recall(preference: Preference): string | undefined {
  return (
    new URLSearchParams(location.search).get(parameters[preference]) ?? readStored(storageKey(preference))
  )
}

export function remember(preference: Preference, value: string): void {
  const key = storageKey(preference)
  correctAddress(parameters[preference], value)
  document.cookie = `${key}=${encodeURIComponent(value)}; Path=/; Max-Age=${yearS}; SameSite=Lax`
  try {
    localStorage.setItem(key, value)
  } catch {
    return
  }
}

/** An address that names the old choice would bring it back on the next load. */
function correctAddress(parameter: string, value: string): void {
  const address = new URL(location.href)
  if (!address.searchParams.has(parameter)) return
  address.searchParams.set(parameter, value)
  history.replaceState(null, '', address)
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
