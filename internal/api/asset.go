package api

import (
	"drugslm/internal/asset"
)

// Asset is an asset as `assets list` and `assets show` print it.
type Asset struct {
	Asset         asset.Key            `json:"asset"`
	Description   string               `json:"description"`
	Group         string               `json:"group"`
	Owners        []string             `json:"owners"`
	Tags          map[string]string    `json:"tags"`
	Kinds         []string             `json:"kinds"`
	External      bool                 `json:"external"`
	Deps          []asset.Key          `json:"deps"`
	Mappings      map[asset.Key]string `json:"mappings"`
	PartitionBy   string               `json:"partitioned_by"`
	PartitionKind string               `json:"partition_kind"` // dynamic, static, time window or product
	Location      string               `json:"location"`
	CodeVersion   string               `json:"code_version"`
	Queue         asset.Queue          `json:"queue"`
	BatchSize     int                  `json:"batch_size"`
	ItemAttempts  int                  `json:"item_attempts"`
	Freshness     string               `json:"freshness"`  // what it promises; empty: nothing
	Automation    string               `json:"automation"` // when it is materialized by itself; empty: never
	Columns       []Column             `json:"columns,omitempty"`
	Checks        []Check              `json:"checks,omitempty"`
}

// Column is a column of an asset's table.
type Column struct {
	Name        string `json:"name"`
	Type        string `json:"type"`
	Nullable    bool   `json:"nullable"`
	Description string `json:"description,omitempty"`
}

// Check is a check that an asset declares.
type Check struct {
	Name        string `json:"name"`
	Blocking    bool   `json:"blocking"`
	Description string `json:"description"`
}

// CodeAllowed is what `assets allow-code` prints.
type CodeAllowed struct {
	Asset   asset.Key `json:"asset"`
	InForce string    `json:"in_force"`
	Was     string    `json:"was"` // empty: nothing was synced yet
}

// AssetList is what `assets list` prints, dependencies first.
type AssetList struct {
	Assets []Asset `json:"assets"`
}
