// Package googleclientauth is the Collector's extension of that name. The published one lends Google's module a factory, as
// this does, and the module proxy does not have it.
package googleclientauth

import (
	google "github.com/GoogleCloudPlatform/opentelemetry-operations-go/extension/googleclientauthextension"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
)

// NewFactory makes the extension.
func NewFactory() extension.Factory {
	return extension.NewFactory(
		component.MustNewType("googleclientauth"),
		google.CreateDefaultConfig,
		google.CreateExtension,
		component.StabilityLevelBeta,
	)
}
