#!/bin/sh
# Usage: setup.sh schema | namespace
# Both can be run again: they add what is missing. Run in temporalio/admin-tools.
set -eu

schema() {
	for db in temporal temporal_visibility; do
		case $db in temporal) folder=temporal ;; *) folder=visibility ;; esac
		sql="temporal-sql-tool --plugin postgres12 --ep postgresql -p 5432 -u temporal --db $db"
		$sql create
		$sql setup-schema -v 0.0
		$sql update-schema -d "/etc/temporal/schema/postgresql/v12/$folder/versioned"
	done
}

namespace() {
	temporal operator namespace describe -n default >/dev/null 2>&1 ||
		temporal operator namespace create -n default --retention 30d
	temporal operator search-attribute create -n default --name Asset --type Keyword --name Partition --type Keyword \
		--name Run --type Keyword --name CodeVersion --type Keyword
}

"$1"
