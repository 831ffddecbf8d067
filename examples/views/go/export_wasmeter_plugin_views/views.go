// Package export_wasmeter_plugin_views is the interface `views` of the contract.
package export_wasmeter_plugin_views

import (
	"strings"

	"wit_component/routes"
	"wit_component/wasmeter_plugin_types"
	"wit_component/wasmeter_plugin_views"

	"go.bytecodealliance.org/pkg/wit/types"
)

// The point rule of every stream.
const routesTag = 0

// Prefix is the beginning of the names of the instruments that are rewritten.
var Prefix = "http."

// Streams says which streams an instrument has.
func Streams(instrument wasmeter_plugin_types.Instrument) wit_types.Option[[]wasmeter_plugin_views.StreamSpec] {
	if !strings.HasPrefix(instrument.Name, Prefix) {
		return wit_types.None[[]wasmeter_plugin_views.StreamSpec]()
	}
	// Options that are not set are none.
	return wit_types.Some([]wasmeter_plugin_views.StreamSpec{{
		Attributes:  []wasmeter_plugin_views.AttributeRule{wasmeter_plugin_views.MakeAttributeRuleComputed(routesTag)},
		Aggregation: wasmeter_plugin_views.MakeAggregationDefault(),
	}})
}

// MapAttributes says what becomes of an attribute set.
func MapAttributes(tag uint32, attributes []wasmeter_plugin_types.Attribute) wit_types.Option[[]wasmeter_plugin_types.Attribute] {
	mapped := make([]wasmeter_plugin_types.Attribute, 0, len(attributes))
	path, hasPath, hasRoute := "", false, false
	for _, attribute := range attributes {
		value := attribute.Value
		switch {
		case attribute.Key == "url.path" && value.Tag() == wasmeter_plugin_types.Value_Text:
			path, hasPath = value.Text(), true
			continue
		case attribute.Key == "http.route":
			hasRoute = true
		case attribute.Key == "http.response.status_code" && value.Tag() == wasmeter_plugin_types.Value_Int:
			if class, ok := routes.Class(value.Int()); ok {
				attribute.Value = wasmeter_plugin_types.MakeValueText(class)
			}
		}
		mapped = append(mapped, attribute)
	}
	if hasPath && !hasRoute {
		mapped = append(mapped, wasmeter_plugin_types.Attribute{
			Key:   "http.route",
			Value: wasmeter_plugin_types.MakeValueText(routes.Template(path)),
		})
	}
	return wit_types.Some(mapped)
}
