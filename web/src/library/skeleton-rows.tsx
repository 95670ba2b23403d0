const ROWS = [0, 1, 2, 3, 4];

/** The shape of the list while its first answer is on the way, so that nothing jumps when it comes. */
export const SkeletonRows = () => (
  <ul className="video-list skeleton" aria-busy="true" aria-label="Loading the videos">
    {ROWS.map((row) => (
      <li key={row} className="video-row">
        <div className="video-poster">
          <div className="poster" />
        </div>
        <div className="video-name">
          <span className="skeleton-line" />
          <span className="skeleton-line skeleton-short" />
        </div>
      </li>
    ))}
  </ul>
);
