module stack/googleclientauth

go 1.25

require (
	github.com/GoogleCloudPlatform/opentelemetry-operations-go/extension/googleclientauthextension v0.55.0
	go.opentelemetry.io/collector/component v1.66.0
	go.opentelemetry.io/collector/extension v1.66.0
)
