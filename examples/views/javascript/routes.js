// Turns raw paths into route templates, and status codes into classes; see the README.

// The point rule of every stream.
const ROUTES = 0;

const NUMBER = /^[0-9]+$/;
// The text form of RFC 9562, section 4, in either case.
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

// The beginning of the names of the instruments that are rewritten.
let prefix = "http.";

// `/orders/84321` becomes `/orders/{id}`.
function template(path) {
  const placeholder = (segment) =>
    NUMBER.test(segment) ? "{id}" : UUID.test(segment) ? "{uuid}" : segment;
  return path.split("/").map(placeholder).join("/");
}

export const lifecycle = {
  info: () => ({
    name: "routes-javascript",
    version: "0.1.0",
    description: "Route templates and status classes, in JavaScript",
    configSchema: JSON.stringify({
      type: "object",
      properties: { prefix: { type: "string" } },
      additionalProperties: false,
    }),
    capabilities: [],
  }),

  configure(json) {
    const { prefix: wanted = "http.", ...unknown } = JSON.parse(json);
    const problems = Object.keys(unknown).map((key) => ({
      path: `/${key}`,
      message: "found an unknown key, expected `prefix` alone",
    }));
    if (typeof wanted !== "string") {
      problems.push({ path: "/prefix", message: `found ${JSON.stringify(wanted)}, expected a text` });
    }
    if (problems.length > 0) {
      // The error of the contract's `result`; anything else that is thrown is a trap.
      throw problems;
    }
    prefix = wanted;
  },
};

export const views = {
  streams(instrument) {
    if (!instrument.name.startsWith(prefix)) {
      return null;
    }
    return [
      {
        name: null,
        description: null,
        unit: null,
        attributes: [{ tag: "computed", val: ROUTES }],
        resourceAttributes: [],
        aggregation: { tag: "default" },
        combine: null,
        cardinalityLimit: null,
      },
    ];
  },

  mapAttributes(_tag, attributes) {
    const mapped = [];
    let path = null;
    let hasRoute = false;
    for (const attribute of attributes) {
      const { key, value } = attribute;
      if (key === "url.path" && value.tag === "text") {
        path = value.val;
        continue;
      }
      hasRoute ||= key === "http.route";
      if (key === "http.response.status_code" && value.tag === "int" && value.val >= 100 && value.val <= 599) {
        mapped.push({ key, value: { tag: "text", val: `${Math.trunc(value.val / 100)}xx` } });
      } else {
        mapped.push(attribute);
      }
    }
    if (path !== null && !hasRoute) {
      mapped.push({ key: "http.route", value: { tag: "text", val: template(path) } });
    }
    return mapped;
  },
};
