import { styleNames } from './barText.js';
import { barStyles } from './layoutLane.js';
import { styleSigns } from './paintBars.js';

/** What the bars of the timeline mean. */
export function Legend() {
  return (
    <ul class="legend" aria-label="Legend">
      {barStyles.map(style => (
        <li key={style}>
          <span class={`sample ${style}`} aria-hidden="true">
            {styleSigns[style]}
          </span>
          {styleNames[style]}
        </li>
      ))}
      <li>
        <span class="sample overlap" aria-hidden="true" />
        overlap
      </li>
    </ul>
  );
}
