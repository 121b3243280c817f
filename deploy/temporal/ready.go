package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/server/common/log"
)

// attributeConflict is an answer that waiting does not change.
type attributeConflict struct {
	name       string
	have, want enumspb.IndexedValueType
}

func (e attributeConflict) Error() string {
	return fmt.Sprintf("search attribute %s is a %s in this database, not a %s", e.name, e.have, e.want)
}

// awaitReady registers the search attributes that an older database lacks, and returns when a client would be served.
func awaitReady(ctx context.Context, o options, p ports, logger log.Logger) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	c, err := client.NewLazyClient(client.Options{
		HostPort: o.grpcAddress(p), Namespace: o.namespace, Logger: log.NewSdkLogger(logger)})
	if err != nil {
		return fmt.Errorf("connect to the server: %w", err)
	}
	defer c.Close()
	checks := []func(context.Context) error{
		func(ctx context.Context) error { return checkNamespace(ctx, c, o.namespace) },
		func(ctx context.Context) error { return registerAttributes(ctx, c, o) },
		func(ctx context.Context) error { return queryAttributes(ctx, c, o) },
		func(ctx context.Context) error { return checkUI(ctx, o.uiURL(p)) },
	}
	for _, check := range checks {
		err := retry(ctx, check)
		if _, final := errors.AsType[attributeConflict](err); final {
			return err
		}
		if err != nil {
			return fmt.Errorf("server does not answer: %w", err)
		}
	}
	return nil
}

// retry asks every tenth of a second, and gives the last answer when ctx ends.
func retry(ctx context.Context, check func(context.Context) error) error {
	for {
		err := check(ctx)
		if _, final := errors.AsType[attributeConflict](err); err == nil || final {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func checkNamespace(ctx context.Context, c client.Client, namespace string) error {
	if _, err := c.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return err
	}
	_, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
	return err
}

// registerAttributes adds what is missing. A new namespace was made with all of them.
func registerAttributes(ctx context.Context, c client.Client, o options) error {
	have, err := c.OperatorService().ListSearchAttributes(ctx,
		&operatorservice.ListSearchAttributesRequest{Namespace: o.namespace})
	if err != nil {
		return err
	}
	missing := map[string]enumspb.IndexedValueType{}
	for name, want := range o.attributes {
		switch t, ok := have.CustomAttributes[name]; {
		case !ok:
			missing[name] = want
		case t != want:
			return attributeConflict{name: name, have: t, want: want}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx,
		&operatorservice.AddSearchAttributesRequest{Namespace: o.namespace, SearchAttributes: missing})
	return err
}

// queryAttributes uses each attribute in a filter: the frontend refuses names that it has not heard of yet.
func queryAttributes(ctx context.Context, c client.Client, o options) error {
	var terms []string
	for _, name := range slices.Sorted(maps.Keys(o.attributes)) {
		terms = append(terms, "`"+name+"` IS NULL") // quoted: PARTITION is a word of SQL
	}
	_, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
		Namespace: o.namespace, Query: strings.Join(terms, " AND ")})
	return err
}

func checkUI(ctx context.Context, url string) error {
	if url == "" {
		return nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil) //nolint:gosec // the address is our own UI's
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req) //nolint:gosec // the address is our own UI's
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, res.Status)
	}
	return nil
}
