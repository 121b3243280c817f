package lake

// FolderOf is the folder of a partition.
func FolderOf(t *Table, partition string) (string, error) { return t.folder(partition) }

// KeepFreeOver is KeepFree with a file system of one's own.
func KeepFreeOver(d *DirStore, floor int64, space func(string) (total, free uint64, err error)) *DirStore {
	kept := d.KeepFree(floor)
	kept.space = space
	return kept
}
