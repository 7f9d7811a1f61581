package store

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/pressly/goose/v3"
	"gorm.io/gorm"
)

// applied returns the steps that the database has gone through, and when. It
// asks for the table itself, as goose would create it.
func (db *DB) applied(ctx context.Context) (map[int64]time.Time, error) {
	var rows []struct {
		VersionID int64
		Tstamp    time.Time
	}
	err := db.read(ctx, func(tx *gorm.DB) error {
		var there bool
		question := "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?)"
		if db.path == "" {
			question = "SELECT to_regclass(?) IS NOT NULL"
		}
		if err := tx.Raw(question, goose.DefaultTablename).Scan(&there).Error; err != nil {
			return err
		}
		if !there {
			return nil
		}
		return tx.Table(goose.DefaultTablename).Select("version_id", "tstamp").
			Where("is_applied AND version_id > 0").Order("version_id").Find(&rows).Error
	})
	steps := make(map[int64]time.Time, len(rows))
	for _, row := range rows {
		steps[row.VersionID] = row.Tstamp
	}
	return steps, err
}

// unknown lists steps that this program does not have.
func unknown(steps map[int64]time.Time) []Migration {
	var list []Migration
	for _, version := range slices.Sorted(maps.Keys(steps)) {
		at := steps[version]
		list = append(list, Migration{Version: version, AppliedAt: &at})
	}
	return list
}
