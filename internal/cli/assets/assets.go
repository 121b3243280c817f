// Package assets has the verbs that show the graph of assets with its sets of partitions.
package assets

import (
	"encoding/json"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/host"
)

// NewAssets is the verb `assets`.
func NewAssets(a *command.App) *cobra.Command {
	cmd := &cobra.Command{Use: "assets", Short: "Show the assets and what they depend on", Args: command.Verb,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(
		&cobra.Command{
			Use: "list [SELECT...]", Short: "List assets, dependencies first",
			RunE: func(cmd *cobra.Command, args []string) error { return listAssets(a, cmd, args) },
		},
		&cobra.Command{
			Use: "show ASSET", Short: "Show one asset: its columns, its checks, its table", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error { return showAsset(a, cmd, args[0]) },
		},
		newAllowCode(a),
	)
	return cmd
}

func listAssets(a *command.App, cmd *cobra.Command, selection []string) error {
	if _, err := a.Config(cmd); err != nil {
		return err
	}
	graph, err := host.Graph()
	if err != nil {
		return err
	}
	selection = command.Everything(selection)
	selected, err := graph.Select(selection...)
	if err != nil {
		return err
	}
	views := make([]api.Asset, len(selected))
	rows := make([][]string, len(selected))
	for i, s := range selected {
		views[i] = view(graph, s)
		rows[i] = []string{string(s.Key), keys(views[i].Deps), s.Partitions.Name, s.CodeVersion, s.Description}
	}
	return a.Show(api.AssetList{Assets: views}, func(w io.Writer) error {
		return output.Table(w, []string{"ASSET", "DEPENDS ON", "PARTITIONED BY", "CODE", "DESCRIPTION"}, rows)
	})
}

func showAsset(a *command.App, cmd *cobra.Command, key string) error {
	if _, err := a.Config(cmd); err != nil {
		return err
	}
	graph, err := host.Graph()
	if err != nil {
		return err
	}
	found, err := graph.Get(asset.Key(key))
	if err != nil {
		return err
	}
	v := view(graph, found)
	addDetails(&v, found)
	return a.Show(v, func(w io.Writer) error { return printAsset(w, &v) })
}

func view(g *asset.Graph, s *asset.Asset) api.Asset {
	v := api.Asset{
		Asset: s.Key, Description: s.Description, Group: s.Key.Group(), Owners: append([]string{}, s.Owners...), Tags: s.Tags,
		Kinds: append([]string{}, s.Kinds...), External: s.External(), Deps: []asset.Key{}, Mappings: make(map[asset.Key]string, len(s.Deps)),
		PartitionBy: s.Partitions.Name, PartitionKind: s.Partitions.Kind(),
		Location: s.Location, CodeVersion: s.CodeVersion, Queue: s.Queue, BatchSize: s.BatchSize, ItemAttempts: s.Retry.ItemAttempts,
	}
	v.Automation = s.Automation.String()
	if s.Freshness != nil {
		v.Freshness = s.Freshness.String()
	}
	for _, dep := range s.Deps {
		v.Deps = append(v.Deps, dep.Key)
		v.Mappings[dep.Key] = g.Mapping(s.Key, dep.Key).String()
	}
	return v
}

func addDetails(v *api.Asset, s *asset.Asset) {
	if s.External() {
		return
	}
	for _, c := range s.Codec.Columns() {
		v.Columns = append(v.Columns, api.Column{Name: c.Name, Type: c.Type, Nullable: c.Nullable, Description: c.Description})
	}
	for _, c := range append(s.Checks, asset.Conserved()) {
		v.Checks = append(v.Checks, api.Check{Name: c.Name, Blocking: c.Blocking, Description: c.Description})
	}
}

func printAsset(w io.Writer, v *api.Asset) error {
	output.Writef(w, "%s\n  %s\n\n  depends on      %s\n  partitioned by  %s\n  table           %s\n  code version    %s\n  freshness       %s\n  automation      %s\n\n",
		v.Asset, v.Description, keys(v.Deps), v.PartitionBy, v.Location, v.CodeVersion, output.OrDash(v.Freshness), output.OrDash(v.Automation))
	rows := make([][]string, len(v.Columns))
	for i, c := range v.Columns {
		rows[i] = []string{"  " + c.Name, c.Description, typeText(c.Type)}
	}
	if err := output.Table(w, []string{"  COLUMN", "DESCRIPTION", "TYPE"}, rows); err != nil {
		return err
	}
	output.Writeln(w)
	rows = make([][]string, len(v.Checks))
	for i, c := range v.Checks {
		rows[i] = []string{"  " + c.Name, output.Severity(c.Blocking), c.Description}
	}
	return output.Table(w, []string{"  CHECK", "SEVERITY", "DESCRIPTION"}, rows)
}

// typeText writes a column's type for people: Delta's name of it, or what a nested one holds.
func typeText(delta string) string {
	var nested struct {
		Type    string          `json:"type"`
		Element json.RawMessage `json:"elementType"`
		Fields  []struct {
			Name string `json:"name"`
		} `json:"fields"`
	}
	if json.Unmarshal([]byte(delta), &nested) != nil {
		return strings.Trim(delta, `"`)
	}
	if nested.Type == "array" {
		return "list of " + typeText(string(nested.Element))
	}
	names := make([]string, len(nested.Fields))
	for i, f := range nested.Fields {
		names[i] = f.Name
	}
	return "(" + strings.Join(names, ", ") + ")"
}

func keys(ks []asset.Key) string {
	if len(ks) == 0 {
		return "the source"
	}
	words := make([]string, len(ks))
	for i, k := range ks {
		words[i] = string(k)
	}
	return strings.Join(words, ", ")
}
