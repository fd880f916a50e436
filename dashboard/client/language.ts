import { signal } from '@preact/signals'
import { createInstance } from 'i18next'
import type { BilingualText } from '../../estate/registry.ts'
import { recall, remember } from './preference.ts'

export const languages = ['zh-CN', 'en'] as const
export type Language = (typeof languages)[number]

/** The page's language; what reads it while rendering follows a change by itself. */
export const language = signal<Language>('zh-CN')

/** The visitor's choice, else the language of the server's first paint. */
export function startLanguage(): void {
  const wanted = recall('language') ?? document.documentElement.lang
  language.value = languages.find((known) => known === wanted) ?? 'zh-CN'
  document.documentElement.lang = language.value
}

export function speak(chosen: Language): void {
  language.value = chosen
  document.documentElement.lang = chosen
  remember('language', chosen)
}

export function inLanguage(text: BilingualText): string {
  return language.value === 'en' ? text.en : text.zh
}

export type Texts<Key extends string> = Readonly<Record<Key, string>>
export type Values = Readonly<Record<string, string | number>>

/** A translator over two lists with the same keys. */
export function translator<Key extends string>(lists: { 'zh-CN': Texts<Key>; en: Texts<Key> }) {
  const i18n = createInstance()
  void i18n.init({
    initAsync: false,
    lng: language.peek(),
    resources: { 'zh-CN': { translation: lists['zh-CN'] }, en: { translation: lists.en } },
    keySeparator: false,
    nsSeparator: false,
    interpolation: { escapeValue: false },
  })
  return (key: Key, values: Values = {}): string => {
    const name: string = key
    return i18n.t(name, { ...values, lng: language.value })
  }
}
