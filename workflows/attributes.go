package workflows

import (
	"slices"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// The search attributes that make steps findable in the Web UI, all of type Keyword.
var (
	attrAsset       = temporal.NewSearchAttributeKeyKeyword("Asset")
	attrPartition   = temporal.NewSearchAttributeKeyKeyword("Partition")
	attrRun         = temporal.NewSearchAttributeKeyKeyword("Run")
	attrCodeVersion = temporal.NewSearchAttributeKeyKeyword("CodeVersion")
)

// Attributes are the names of the search attributes that the workflows set. The server must have them registered, as Keyword.
func Attributes() []string {
	var names []string
	for _, key := range attributeKeys() {
		names = append(names, key.GetName())
	}
	return names
}

func attributeKeys() []temporal.SearchAttributeKeyKeyword {
	return []temporal.SearchAttributeKeyKeyword{attrAsset, attrPartition, attrRun, attrCodeVersion}
}

// WithoutAttributes lets a worker start child workflows without these search attributes: a server that does not have one
// registered refuses the task that names it, for ever. Options of a start are no part of what a replay compares.
func WithoutAttributes(missing ...string) interceptor.WorkerInterceptor {
	return &attributeDropper{missing: missing}
}

type attributeDropper struct {
	interceptor.WorkerInterceptorBase
	missing []string
}

func (d *attributeDropper) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	in := &inboundDropper{missing: d.missing}
	in.Next = next
	return in
}

type inboundDropper struct {
	interceptor.WorkflowInboundInterceptorBase
	missing []string
}

func (d *inboundDropper) Init(next interceptor.WorkflowOutboundInterceptor) error {
	out := &outboundDropper{missing: d.missing}
	out.Next = next
	return d.Next.Init(out)
}

type outboundDropper struct {
	interceptor.WorkflowOutboundInterceptorBase
	missing []string
}

// ExecuteChildWorkflow leaves out what the server does not have.
func (d *outboundDropper) ExecuteChildWorkflow(ctx workflow.Context, name string, args ...any) workflow.ChildWorkflowFuture {
	options := workflow.GetChildWorkflowOptions(ctx)
	var kept []temporal.SearchAttributeUpdate
	for _, key := range attributeKeys() {
		if value, set := options.TypedSearchAttributes.GetKeyword(key); set && !slices.Contains(d.missing, key.GetName()) {
			kept = append(kept, key.ValueSet(value))
		}
	}
	options.TypedSearchAttributes = temporal.NewSearchAttributes(kept...)
	return d.Next.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, options), name, args...)
}
