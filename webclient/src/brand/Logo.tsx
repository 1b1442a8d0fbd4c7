/** A bay window, which is what an oriel is. Decorative: the name stands next to it. */
export function LogoMark({ size = 32 }: { size?: number }) {
  return (
    <svg className="oriel-mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <g fill="none" strokeWidth="1.8" strokeLinejoin="round" strokeLinecap="round">
        <path className="oriel-mark__glass" d="M11 8h10v15H11zM11 8 5 11v10l6 2zM21 8l6 3v10l-6 2z" />
        <path className="oriel-mark__bars" d="M16 8v15M11 15h10M5 16l6-1M27 16l-6-1" />
        <path className="oriel-mark__frame" d="M11 8h10v15H11zM11 8 5 11v10l6 2M21 8l6 3v10l-6 2" />
        <path className="oriel-mark__frame" d="M3.500 9.500 11 5h10l7.500 4.500M7 25l4 3h10l4-3" />
      </g>
    </svg>
  );
}

export function Logo() {
  return (
    <span className="oriel-logo">
      <LogoMark />
      <span className="oriel-logo__name">Oriel</span>
    </span>
  );
}
