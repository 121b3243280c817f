package client

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFilterInBothForms(t *testing.T) {
	t.Parallel()
	day, err := byDay("2026-07-02")
	require.NoError(t, err)
	require.Equal(t, "/#/bulario/q/?periodoPublicacaoFinal=2026-07-02&periodoPublicacaoInicial=2026-07-02", day.route())
	require.Equal(t, "2026-07-02", day.query().Get("filter[periodoPublicacaoInicial]"))
	require.Equal(t, "2026-07-02", day.query().Get("filter[periodoPublicacaoFinal]"))
	category, err := byCategory("5")
	require.NoError(t, err)
	require.Equal(t, "/#/bulario/q/?categoriasRegulatorias=5", category.route())
	require.Equal(t, "5", category.query().Get("filter[categoriasRegulatorias]"))
}

func TestPublishedOn(t *testing.T) {
	t.Parallel()
	tests := []struct {
		at   string
		days []string
	}{
		{"2026-07-02T00:00:00.000-0300", []string{"2026-07-02"}},
		{"2026-07-02T23:59:59.000-0300", []string{"2026-07-02"}},
		{"2026-01-02T12:00:00.000-0200", []string{"2026-01-02"}},
		{"2026-01-02T00:30:00.000-0200", []string{"2026-01-01", "2026-01-02"}},
		{"2026-01-02T23:30:00.000-0200", []string{"2026-01-02"}},
	}
	for _, tt := range tests {
		t.Run(tt.at, func(t *testing.T) {
			t.Parallel()
			at, err := time.Parse("2006-01-02T15:04:05.000-0700", tt.at)
			require.NoError(t, err)
			var found []string
			for day := at.AddDate(0, 0, -2); day.Before(at.AddDate(0, 0, 3)); day = day.AddDate(0, 0, 1) {
				if (Product{PublishedAt: at}).publishedOn(day.Format(time.DateOnly)) {
					found = append(found, day.Format(time.DateOnly))
				}
			}
			require.Equal(t, tt.days, found)
		})
	}
}
