import { useRef, useState } from 'preact/hooks'
import type { LiveEstate } from './live-estate.ts'
import { logIn, type Failure } from './rest.ts'
import { say } from './say.ts'
import { LanguageButton, ThemeButton } from './page-buttons.tsx'

export function LoginForm({ live }: { live: LiveEstate }) {
  const name = useRef<HTMLInputElement>(null)
  const password = useRef<HTMLInputElement>(null)
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<Failure>()

  async function submit() {
    if (!name.current || !password.current) return
    setBusy(true)
    setFailure(undefined)
    const answer = await logIn(name.current.value.trim(), password.current.value)
    setBusy(false)
    if (answer.ok) return live.reconnect()
    setFailure(answer.failure)
    password.current.select()
  }

  return (
    <main class="login">
      <form
        class="login-card"
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <p class="brand">Estate Pulse</p>
        <h1 class="login-title">{say('login-title')}</h1>
        <label class="field">
          <span>{say('login-name')}</span>
          <input ref={name} name="name" autocomplete="username" required autofocus />
        </label>
        <label class="field">
          <span>{say('login-password')}</span>
          <input ref={password} name="password" type="password" autocomplete="current-password" required />
        </label>
        {failure && (
          <p class="trouble" role="alert">
            {sayFailure(failure)}
          </p>
        )}
        {live.cookieLost.value && !failure && (
          <p class="trouble" role="alert">
            {say('login-cookie')}
          </p>
        )}
        <button class="button" data-weight="primary" type="submit" disabled={busy}>
          {say(busy ? 'login-busy' : 'login-submit')}
        </button>
        <div class="login-foot">
          <LanguageButton />
          <ThemeButton />
        </div>
      </form>
    </main>
  )
}

function sayFailure(failure: Failure): string {
  switch (failure.kind) {
    case 'unauthorized':
      return say('login-refused')
    case 'limited':
      return say('login-limited')
    case 'unreachable':
      return say('login-unreachable')
    case 'refused':
      return say('login-failed', { detail: failure.detail })
  }
}
