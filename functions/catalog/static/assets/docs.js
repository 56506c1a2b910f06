/** Swagger UI over this API's own description, with the key that the playground was given. */
import { readKey } from "./key.js";

const ui = window.SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#docs",
  docExpansion: "none",
  defaultModelsExpandDepth: -1,
  persistAuthorization: false,
  validatorUrl: null,
  onComplete: () => {
    const key = readKey();
    if (key) ui.preauthorizeApiKey("api_key", key);
  },
});
