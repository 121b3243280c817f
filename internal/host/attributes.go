package host

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"drugslm/workflows"
)

// attributesTimeout is how long a server may take to say which search attributes it has, and to add some.
const attributesTimeout = 10 * time.Second

// missingAttributes gives the workflows' search attributes that a namespace does not have, after the server was asked to add
// them. Steps are then started without these: they cannot be found by them, and nothing else is different.
func missingAttributes(ctx context.Context, c client.Client, namespace string, log *slog.Logger) []string {
	ctx, cancel := context.WithTimeout(ctx, attributesTimeout)
	defer cancel()
	var missing []string
	var refused error
	for _, name := range workflows.Attributes() {
		if hasAttribute(ctx, c, namespace, name) {
			continue
		}
		_, err := c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
			Namespace: namespace, SearchAttributes: map[string]enumspb.IndexedValueType{name: enumspb.INDEXED_VALUE_TYPE_KEYWORD},
		})
		// The answer does not tell: a name that has another type is no error, and one that another worker has just added is.
		if !hasAttribute(ctx, c, namespace, name) {
			missing, refused = append(missing, name), err
		}
	}
	if len(missing) > 0 {
		log.Warn("the server has not got these search attributes and adds none: steps cannot be found by them in the Web UI. "+
			"Add them to the namespace as Keyword, then restart the workers",
			"namespace", namespace, "missing", strings.Join(missing, ", "), "error", refused)
	}
	return missing
}

// hasAttribute reports whether a namespace has an attribute of type Keyword. A server that shows its list of attributes to
// administrators alone is asked for workflows with this attribute instead: it refuses names that are not registered, but a
// name that is registered with another type counts as present then.
func hasAttribute(ctx context.Context, c client.Client, namespace, name string) bool {
	listed, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err == nil {
		return listed.GetCustomAttributes()[name] == enumspb.INDEXED_VALUE_TYPE_KEYWORD
	}
	_, err = c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
		Namespace: namespace, Query: fmt.Sprintf("`%s` = 'none'", name), // quoted: PARTITION is a word of SQL
	})
	return err == nil
}
