// Turns raw paths into route templates, and status codes into classes; see the README.
//
// What the host hands over belongs to us and is freed here; what is returned is freed by the bindings.

#include "view.h"

#include <stdlib.h>
#include <string.h>

// The point rule of every stream.
enum { ROUTES = 0 };

// The beginning of the names of the instruments that are rewritten.
static view_string_t prefix = {(uint8_t *)"http.", sizeof "http." - 1};

// === Strings

static bool equals(const view_string_t *text, const char *other) {
  return text->len == strlen(other) && memcmp(text->ptr, other, text->len) == 0;
}

static void copy(view_string_t *to, const char *text) { view_string_dup(to, text); }

// === Configuration: `{}` or `{"prefix":"..."}`

static void skip_space(view_string_t *json) {
  while (json->len > 0 && memchr(" \t\r\n", json->ptr[0], 4) != NULL) {
    json->ptr++;
    json->len--;
  }
}

static bool take(view_string_t *json, uint8_t wanted) {
  skip_space(json);
  if (json->len == 0 || json->ptr[0] != wanted) {
    return false;
  }
  json->ptr++;
  json->len--;
  return true;
}

// A string without escapes; names of instruments need none.
static bool take_text(view_string_t *json, view_string_t *found) {
  if (!take(json, '"')) {
    return false;
  }
  found->ptr = json->ptr;
  while (json->len > 0 && json->ptr[0] != '"' && json->ptr[0] != '\\') {
    json->ptr++;
    json->len--;
  }
  found->len = (size_t)(json->ptr - found->ptr);
  return take(json, '"');
}

// What is wrong with the configuration; NULL if it was taken.
static const char *take_config(view_string_t json) {
  view_string_t key, value;
  if (!take(&json, '{')) {
    return "found no object, expected one such as {\"prefix\":\"http.\"}";
  }
  if (take(&json, '}')) {
    return NULL;
  }
  if (!take_text(&json, &key) || !equals(&key, "prefix") || !take(&json, ':')) {
    return "found an unknown key, expected `prefix` alone";
  }
  if (!take_text(&json, &value) || !take(&json, '}')) {
    return "found something else than one `prefix`, expected a text without escapes and nothing after it";
  }
  view_string_dup_n(&prefix, (const char *)value.ptr, value.len);
  return NULL;
}

// === Routes

static bool is_digit(uint8_t byte) { return byte >= '0' && byte <= '9'; }

static bool is_number(const uint8_t *segment, size_t len) {
  for (size_t at = 0; at < len; at++) {
    if (!is_digit(segment[at])) {
      return false;
    }
  }
  return len > 0;
}

// The text form of RFC 9562, section 4, in either case.
static bool is_uuid(const uint8_t *segment, size_t len) {
  for (size_t at = 0; at < len; at++) {
    uint8_t byte = segment[at], lower = byte | 0x20;
    bool is_dash_due = at == 8 || at == 13 || at == 18 || at == 23;
    if (is_dash_due ? byte != '-' : !is_digit(byte) && (lower < 'a' || lower > 'f')) {
      return false;
    }
  }
  return len == 36;
}

// `/orders/84321` becomes `/orders/{id}`.
static view_string_t template_of(const view_string_t *path) {
  // A segment of one digit becomes four bytes: nothing grows more than that.
  view_string_t template = {malloc(path->len * 4 + 1), 0};
  if (template.ptr == NULL) {
    abort();
  }
  size_t start = 0;
  for (size_t at = 0; at <= path->len; at++) {
    if (at < path->len && path->ptr[at] != '/') {
      continue;
    }
    const uint8_t *segment = path->ptr + start;
    size_t len = at - start;
    if (is_number(segment, len)) {
      segment = (const uint8_t *)"{id}";
      len = 4;
    } else if (is_uuid(segment, len)) {
      segment = (const uint8_t *)"{uuid}";
      len = 6;
    }
    memcpy(template.ptr + template.len, segment, len);
    template.len += len;
    if (at < path->len) {
      template.ptr[template.len++] = '/';
    }
    start = at + 1;
  }
  return template;
}

// === Exports

void exports_wasmeter_plugin_lifecycle_info(exports_wasmeter_plugin_lifecycle_plugin_info_t *info) {
  copy(&info->name, "routes-c");
  copy(&info->version, "0.1.0");
  copy(&info->description, "Route templates and status classes, in C");
  copy(&info->config_schema, "{\"type\":\"object\",\"properties\":{\"prefix\":{\"type\":\"string\"}},"
                             "\"additionalProperties\":false}");
  info->capabilities.len = 0;
}

bool exports_wasmeter_plugin_lifecycle_configure(view_string_t *config,
                                                 exports_wasmeter_plugin_lifecycle_list_problem_t *problems) {
  const char *wrong = take_config(*config);
  view_string_free(config);
  if (wrong == NULL) {
    return true;
  }
  problems->ptr = malloc(sizeof *problems->ptr);
  problems->len = 1;
  if (problems->ptr == NULL) {
    abort();
  }
  copy(&problems->ptr[0].path, "");
  copy(&problems->ptr[0].message, wrong);
  return false;
}

bool exports_wasmeter_plugin_views_streams(exports_wasmeter_plugin_views_instrument_t *instrument,
                                           exports_wasmeter_plugin_views_list_stream_spec_t *streams) {
  bool is_ours = instrument->name.len >= prefix.len && memcmp(instrument->name.ptr, prefix.ptr, prefix.len) == 0;
  exports_wasmeter_plugin_views_instrument_free(instrument);
  if (!is_ours) {
    return false;
  }
  // All zero: nothing is renamed, and the aggregation is the default.
  streams->ptr = calloc(1, sizeof *streams->ptr);
  streams->len = 1;
  if (streams->ptr == NULL) {
    abort();
  }
  exports_wasmeter_plugin_views_list_attribute_rule_t *rules = &streams->ptr[0].attributes;
  rules->ptr = malloc(sizeof *rules->ptr);
  rules->len = 1;
  if (rules->ptr == NULL) {
    abort();
  }
  rules->ptr[0].tag = EXPORTS_WASMETER_PLUGIN_VIEWS_ATTRIBUTE_RULE_COMPUTED;
  rules->ptr[0].val.computed = ROUTES;
  return true;
}

bool exports_wasmeter_plugin_views_map_attributes(uint32_t tag, exports_wasmeter_plugin_views_list_attribute_t *attributes,
                                                  exports_wasmeter_plugin_views_list_attribute_t *mapped) {
  (void)tag;
  wasmeter_plugin_types_attribute_t *route = NULL, *path = NULL;
  for (size_t at = 0; at < attributes->len; at++) {
    wasmeter_plugin_types_attribute_t *attribute = &attributes->ptr[at];
    wasmeter_plugin_types_value_t *value = &attribute->value;
    if (equals(&attribute->key, "http.route")) {
      route = attribute;
    } else if (equals(&attribute->key, "url.path") && value->tag == WASMETER_PLUGIN_TYPES_VALUE_TEXT) {
      path = attribute;
    } else if (equals(&attribute->key, "http.response.status_code") &&
               value->tag == WASMETER_PLUGIN_TYPES_VALUE_INT && value->val.int_ >= 100 && value->val.int_ <= 599) {
      char class[] = {(char)('0' + value->val.int_ / 100), 'x', 'x', '\0'};
      value->tag = WASMETER_PLUGIN_TYPES_VALUE_TEXT;
      copy(&value->val.text, class);
    }
  }
  // The list that came is the one that goes: the bindings free it once the host has read it.
  *mapped = *attributes;
  if (path != NULL && route == NULL) {
    view_string_t template = template_of(&path->value.val.text);
    wasmeter_plugin_types_attribute_free(path);
    copy(&path->key, "http.route");
    path->value.tag = WASMETER_PLUGIN_TYPES_VALUE_TEXT;
    path->value.val.text = template;
  } else if (path != NULL) {
    wasmeter_plugin_types_attribute_free(path);
    *path = attributes->ptr[--mapped->len];
  }
  return true;
}
