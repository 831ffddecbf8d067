// Package export_wasmeter_plugin_lifecycle is the interface `lifecycle` of the contract.
package export_wasmeter_plugin_lifecycle

import (
	"encoding/json"
	"strings"

	"wit_component/export_wasmeter_plugin_views"
	"wit_component/wasmeter_plugin_lifecycle"

	"go.bytecodealliance.org/pkg/wit/types"
)

const schema = `{"type":"object","properties":{"prefix":{"type":"string"}},"additionalProperties":false}`

// Info says who the plugin is.
func Info() wasmeter_plugin_lifecycle.PluginInfo {
	return wasmeter_plugin_lifecycle.PluginInfo{
		Name:         "routes-go",
		Version:      "0.1.0",
		Description:  "Route templates and status classes, in Go",
		ConfigSchema: schema,
	}
}

// Configure takes the configuration.
func Configure(config string) wit_types.Result[wit_types.Unit, []wasmeter_plugin_lifecycle.Problem] {
	given := struct {
		Prefix string `json:"prefix"`
	}{Prefix: export_wasmeter_plugin_views.Prefix}
	decoder := json.NewDecoder(strings.NewReader(config))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&given); err != nil {
		problem := wasmeter_plugin_lifecycle.Problem{Message: err.Error() + "; expected `prefix` alone, a text"}
		return wit_types.Err[wit_types.Unit]([]wasmeter_plugin_lifecycle.Problem{problem})
	}
	export_wasmeter_plugin_views.Prefix = given.Prefix
	return wit_types.Ok[wit_types.Unit, []wasmeter_plugin_lifecycle.Problem](wit_types.Unit{})
}
