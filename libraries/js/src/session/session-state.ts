/** The state of a session; LOST and CLOSED may follow every other one. */
export type SessionState =
  /** Nothing was sent yet. */
  | 'NEW'
  /** The first attachment was begun, and nobody has answered. */
  | 'OPENING'
  /** One attachment carries the session. */
  | 'ATTACHED'
  /** The attachment was silent for too long; it still carries the session. */
  | 'SUSPECT'
  /** The attachment is still silent, and a second one was begun; the first one that receives something wins. */
  | 'RACING'
  /** The attachment works, and is to be replaced. */
  | 'DRAIN'
  /** The successor of the attachment was begun; until it is welcomed the old one carries the session. */
  | 'HANDOVER'
  /** No attachment; both sides keep what was not acknowledged. */
  | 'DETACHED'
  /** The next attachment was begun, and nobody has answered. */
  | 'RESUMING'
  /** The session could not be kept, and the application knows. */
  | 'LOST'
  /** The session is over as the applications wanted it. */
  | 'CLOSED';

const NEXT: Record<SessionState, readonly SessionState[]> = {
  NEW: ['OPENING'],
  OPENING: ['ATTACHED', 'DETACHED'],
  ATTACHED: ['SUSPECT', 'DRAIN', 'DETACHED'],
  SUSPECT: ['ATTACHED', 'RACING', 'DRAIN', 'DETACHED'],
  RACING: ['ATTACHED', 'SUSPECT', 'RESUMING', 'DETACHED'],
  DRAIN: ['HANDOVER', 'ATTACHED', 'DETACHED'],
  HANDOVER: ['ATTACHED', 'DRAIN', 'RESUMING', 'DETACHED'],
  DETACHED: ['RESUMING'],
  RESUMING: ['ATTACHED', 'DETACHED'],
  LOST: [],
  CLOSED: [],
};

export function isTerminal(state: SessionState): boolean {
  return state === 'LOST' || state === 'CLOSED';
}

/** Whether an attachment carries the session. */
export function isAttached(state: SessionState): boolean {
  return ['ATTACHED', 'SUSPECT', 'RACING', 'DRAIN', 'HANDOVER'].includes(state);
}

/** Whether the table of transitions has this one. */
export function mayBecome(state: SessionState, next: SessionState): boolean {
  return isTerminal(next) ? !isTerminal(state) : NEXT[state].includes(next);
}
