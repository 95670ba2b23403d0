/** The mill wheel over its water, in the colour of the text around it. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
      <g fill="none" stroke="currentColor" strokeWidth="2.6" strokeLinecap="round">
        <path d="M16 2v3.5M5.4 6.4l2.5 2.5M26.6 6.4l-2.5 2.5M1.7 16H5M27 16h3.3" />
        <path d="M8.7 19.5a8.3 8.3 0 1 1 14.6 0" />
        <path d="M3 24.5c2.2-2.4 4.3-2.4 6.5 0s4.3 2.4 6.5 0 4.3-2.4 6.5 0 4.3 2.4 6.5 0" />
      </g>
      <path d="m13.5 11.6 6.4 3.9-6.4 3.9z" fill="currentColor" />
    </svg>
  );
}
