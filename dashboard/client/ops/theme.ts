import { signal } from '@preact/signals'
import { recall, remember } from '../preference.ts'

/** Dark by default: the shift is at night. */
export type Theme = 'dark' | 'light'

export const theme = signal<Theme>('dark')

export function startTheme(): void {
  show(recall('theme') === 'light' ? 'light' : 'dark')
}

export function choose(chosen: Theme): void {
  show(chosen)
  remember('theme', chosen)
}

function show(chosen: Theme): void {
  theme.value = chosen
  document.documentElement.dataset['theme'] = chosen
}
