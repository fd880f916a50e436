import { language, speak } from '../language.ts'
import { say } from './say.ts'
import { choose, theme } from './theme.ts'

export function LanguageButton() {
  const other = language.value === 'en' ? 'zh-CN' : 'en'
  return (
    <button class="button" data-weight="quiet" type="button" lang={other} onClick={() => speak(other)}>
      {say('switchLanguage')}
    </button>
  )
}

export function ThemeButton() {
  const other = theme.value === 'dark' ? 'light' : 'dark'
  return (
    <button class="button" data-weight="quiet" type="button" onClick={() => choose(other)}>
      {say(other)}
    </button>
  )
}
