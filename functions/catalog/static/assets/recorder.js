/** The microphone, as samples. */

/** Start to record; what stops it is returned, `done(samples, rate)` is called when it has. */
export async function record(longestS, done) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const context = new AudioContext();
  await context.audioWorklet.addModule(new URL("./recorder-worklet.js", import.meta.url));
  const source = context.createMediaStreamSource(stream);
  const worklet = new AudioWorkletNode(context, "recorder", { numberOfOutputs: 0 });
  const blocks = [];
  worklet.port.onmessage = ({ data }) => blocks.push(data);
  source.connect(worklet);
  const timer = setTimeout(stop, 1000 * longestS);

  function stop() {
    clearTimeout(timer);
    source.disconnect();
    for (const track of stream.getTracks()) track.stop();
    const samples = new Float32Array(blocks.reduce((sum, block) => sum + block.length, 0));
    let at = 0;
    for (const block of blocks) {
      samples.set(block, at);
      at += block.length;
    }
    context.close();
    done(samples, context.sampleRate);
  }

  return stop;
}
