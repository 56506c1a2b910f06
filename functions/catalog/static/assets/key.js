/** The API key: from the address after #key=, which no server is sent; kept for this tab only. */

const NAME = "flotilla-key";

export function readKey() {
  const stated = new URLSearchParams(location.hash.slice(1)).get("key");
  if (stated) {
    writeKey(stated);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem(NAME) ?? "";
}

export function writeKey(key) {
  if (key) sessionStorage.setItem(NAME, key);
  else sessionStorage.removeItem(NAME);
}
