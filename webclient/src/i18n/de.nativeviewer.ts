import type { enNativeViewer } from './en.nativeviewer';

/** German of desktops in VNC viewers. */
export const deNativeViewer: Record<keyof typeof enNativeViewer, string> = {
  'nativeViewer.open': 'In einem VNC-Viewer öffnen',
  'nativeViewer.title': '{name} in einem VNC-Viewer',
  'nativeViewer.text':
    'Starten Sie einen Viewer, der VNC über TLS spricht, etwa TigerVNC, und geben Sie ein, wonach er fragt. Der Desktop erscheint dort und schließt sich, wo er bisher offen war. Wer sich hier abmeldet, schließt auch den Viewer.',
  'nativeViewer.facts': 'Wonach der Viewer fragt',
  'nativeViewer.address': 'Server',
  'nativeViewer.password': 'Einmalpasswort',
  'nativeViewer.left.one': 'Gilt einmal, noch {count} Sekunde',
  'nativeViewer.left.other': 'Gilt einmal, noch {count} Sekunden',
  'nativeViewer.expired': 'Das Passwort ist abgelaufen.',
  'nativeViewer.renew': 'Neues Passwort',
  'nativeViewer.viewOnly': 'Nur ansehen',
  'nativeViewer.viewOnly.help': 'Tastatur, Maus und Zwischenablage des Viewers bewirken nichts: für einen Beamer.',
  'nativeViewer.certificate': 'Das Zertifikat des Servers',
  'nativeViewer.certificate.help': 'Ein Viewer, der nicht weiß, wer dafür bürgt, zeigt das Zertifikat und fragt. Vergleichen Sie eines hiervon, ehe Sie zustimmen.',
  'nativeViewer.fingerprint': 'SHA-256-Fingerabdruck',
  'nativeViewer.pin': 'SHA-256 des Schlüssels (TigerVNC: pin-sha256)',
  'nativeViewer.certificate.save': 'Zertifikat speichern',
  'nativeViewer.file': 'Verbindungsdatei speichern',
  'policy.nativeViewers': 'VNC-Viewer',
  'policy.nativeViewers.off': 'Desktops erscheinen nur im Browser',
  'policy.nativeViewers.on': 'Desktops erscheinen auch in VNC-Viewern',
  'policy.nativeViewers.help': 'Über TLS, mit einem Einmalpasswort aus dem Portal. Der Server braucht dafür einen Port (native-viewers.port).',
};
