import { shapes, type Face } from './port-face.ts'

export function Shape({ face }: { face: Face }) {
  return (
    <svg class="shape" viewBox="0 0 24 24" aria-hidden="true">
      <path d={shapes[face]} />
    </svg>
  )
}
