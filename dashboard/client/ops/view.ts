import { signal } from '@preact/signals'

/** Which of the staff's views is open. It stands in the address, after the #, so that a view can be sent to a
 *  colleague and the browser's back button does what people expect. */
export const viewNames = ['watch', 'ledger', 'quarantine'] as const
export interface View {
  name: (typeof viewNames)[number]
  /** The device that is looked for. */
  device?: string
}

/** `#quarantine?device=hengkang-b01-heat`; anything else is the watch. */
export function viewOf(hash: string): View {
  const [wanted = '', query = ''] = hash.replace(/^#/, '').split('?')
  const name = viewNames.find((known) => known === wanted) ?? 'watch'
  const device = new URLSearchParams(query).get('device')
  return device ? { name, device } : { name }
}

export function addressOf({ name, device }: View): string {
  return device === undefined ? `#${name}` : `#${name}?${new URLSearchParams({ device }).toString()}`
}

export const view = signal<View>({ name: 'watch' })

export function startView(): void {
  const follow = () => {
    view.value = viewOf(location.hash)
  }
  follow()
  addEventListener('hashchange', follow)
}
