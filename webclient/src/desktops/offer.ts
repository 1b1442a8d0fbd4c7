import type { Desktop } from '../api/types';

export type Offer = 'connect' | 'queue' | 'open' | 'reconnect' | 'takeOver' | 'watch' | 'none';

/** What the card's one button does. */
export function offer(desktop: Pick<Desktop, 'state' | 'action'>): Offer {
  switch (desktop.state) {
    case 'QUEUED':
    case 'STARTING':
    case 'RESTARTING':
      return 'watch';
    case 'CONNECTED':
      return 'takeOver';
    case 'DISCONNECTED':
      return 'reconnect';
    case 'READY':
      return 'open';
    case 'LOGGING_OFF':
    case 'FAILED':
      return 'none';
    case 'NONE':
    case 'UNAVAILABLE':
      break;
  }
  switch (desktop.action) {
    case 'CONNECT':
      return 'connect';
    case 'QUEUE':
      return 'queue';
    case 'RECONNECT':
      return 'reconnect';
    case 'WAIT':
      return 'watch';
    case 'NONE':
      return 'none';
  }
}

/** Whether there is a session to log off or a machine to restart. */
export function sessionActions(desktop: Pick<Desktop, 'state' | 'sessionId'>): boolean {
  return desktop.sessionId !== undefined && desktop.state !== 'LOGGING_OFF' && desktop.state !== 'QUEUED';
}
