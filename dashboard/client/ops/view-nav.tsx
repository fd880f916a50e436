import { say } from './say.ts'
import { addressOf, view, viewNames } from './view.ts'

export function ViewNav() {
  return (
    <nav class="views" aria-label={say('views')}>
      {viewNames.map((name) => (
        <a
          key={name}
          class="view-link"
          href={addressOf({ name })}
          aria-current={view.value.name === name ? 'page' : undefined}
        >
          {say(`view-${name}`)}
        </a>
      ))}
    </nav>
  )
}
