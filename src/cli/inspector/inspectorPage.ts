/** The web page of the Stately inspector, which draws the events that are posted to it. */
const STATELY_INSPECTOR = 'https://stately.ai/inspect';

/** A page that embeds the Stately inspector and feeds it from the WebSocket of its own server. */
export const inspectorPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Dispatcher in the Stately inspector</title>
<style>
  html, body { height: 100%; margin: 0; font: 15px system-ui, sans-serif }
  body { display: flex; flex-direction: column }
  iframe { flex: 1; border: 0 }
  p { margin: 0; padding: 8px 12px; background: #fef3c7 }
</style>
<p id="standing">loading ${STATELY_INSPECTOR}: this page needs internet access</p>
<iframe id="inspector" src="${STATELY_INSPECTOR}"></iframe>
<script type="module">
  const standing = document.getElementById('standing');
  const { contentWindow } = document.getElementById('inspector');
  const waiting = [];
  let origin;
  addEventListener('message', ({ source, data, origin: from }) => {
    if (source !== contentWindow || data?.type !== '@statelyai.connected') return;
    origin = from;
    standing.hidden = true;
    for (const event of waiting.splice(0)) contentWindow.postMessage(event, origin);
  });
  const socket = new WebSocket(location.origin.replace('http', 'ws'));
  socket.onmessage = ({ data }) => {
    const event = JSON.parse(data);
    if (origin === undefined) waiting.push(event);
    else contentWindow.postMessage(event, origin);
  };
  socket.onclose = () => {
    standing.textContent = 'the dispatcher has stopped; reload to reconnect';
    standing.hidden = false;
  };
</script>
</html>
`;
