#!/bin/sh
# Has OpenSearch delete Jaeger's indices after 14 days. Run at every start; the policy is written once.
set -eu
policy="$OPENSEARCH_URL/_plugins/_ism/policies/jaeger-retention"

if curl --silent --fail --output /dev/null "$policy"; then
  echo "the policy is there"
  exit 0
fi

curl --silent --show-error --fail-with-body --request PUT "$policy" --header "Content-Type: application/json" --data '{
  "policy": {
    "description": "Traces are kept for 14 days",
    "default_state": "kept",
    "states": [
      {
        "name": "kept",
        "actions": [],
        "transitions": [{ "state_name": "deleted", "conditions": { "min_index_age": "14d" } }]
      },
      { "name": "deleted", "actions": [{ "delete": {} }], "transitions": [] }
    ],
    "ism_template": [{ "index_patterns": ["jaeger-span-*", "jaeger-service-*"], "priority": 100 }]
  }
}'
