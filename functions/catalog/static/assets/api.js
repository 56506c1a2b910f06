/** Questions to the API of the cloud that this page comes from. */

/** The address of a path of the API, whatever this page's own is. */
export function address(path) {
  return new URL(path, document.baseURI).href;
}

/** Ask; the answer, or in `problem` why there is none, with the time that it took. */
export async function ask(path, request, key) {
  const started = performance.now();
  const headers = { "content-type": request.mediaType, accept: "application/json" };
  if (key) headers["x-api-key"] = key;
  if (request.variant) headers["x-variant"] = request.variant;
  try {
    const response = await fetch(address(path), { method: "POST", headers, body: request.body });
    const text = await response.text();
    const took = performance.now() - started;
    const document = parsed(text);
    const problem = response.ok ? "" : explained(response.status, document, text);
    return { status: response.status, took, document, problem };
  } catch (error) {
    return { status: 0, took: performance.now() - started, document: null, problem: `No answer: ${error.message}` };
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function explained(status, document, text) {
  const said = document?.error?.message ?? document?.error ?? text;
  const hint = status === 401 || status === 403 ? " Put a key into the field at the top of this page." : "";
  return `${status}: ${said}.${hint}`.replace("..", ".");
}
