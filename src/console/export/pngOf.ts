/** A picture of the timeline as it is on the screen: its axis, the names of its lanes and its canvas. */
export async function pngOf(timeline: Element): Promise<Blob> {
  const ratio = devicePixelRatio || 1;
  const frame = timeline.getBoundingClientRect();
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width: frame.width * ratio, height: frame.height * ratio });
  const context = canvas.getContext('2d');
  const runs = timeline.querySelector('canvas');
  if (context === null || runs === null) throw new Error('there is no timeline to draw');
  context.scale(ratio, ratio);
  context.translate(-frame.left, -frame.top);
  const ground = (element: Element, { left, top, width, height } = element.getBoundingClientRect()) => {
    context.fillStyle = getComputedStyle(element).backgroundColor;
    context.fillRect(left, top, width, height);
  };
  ground(timeline.closest('.main') ?? timeline, frame);
  const place = runs.getBoundingClientRect();
  for (const name of timeline.querySelectorAll('.lane-names li')) drawText(context, name, place);
  const axis = timeline.querySelector('.axis');
  if (axis !== null) {
    ground(axis);
    for (const text of axis.querySelectorAll('.axis-name, .coarse, .fine')) drawText(context, text, frame);
  }
  context.drawImage(runs, place.left, place.top, place.width, place.height);
  return new Promise((resolve, reject) =>
    canvas.toBlob(blob => (blob === null ? reject(new Error('the picture is too large')) : resolve(blob))),
  );
}

/** Draws the lines of text of an element where they are, if they are within a frame. */
function drawText(context: CanvasRenderingContext2D, element: Element, frame: DOMRect): void {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(node);
    const { left, top, height, bottom } = range.getBoundingClientRect();
    if (bottom < frame.top || top > frame.bottom || height === 0) continue;
    const { font, color } = getComputedStyle(node.parentElement ?? element);
    Object.assign(context, { font, fillStyle: color, textBaseline: 'middle' });
    context.fillText(node.textContent ?? '', left, top + height / 2, element.getBoundingClientRect().width);
  }
}
