package lake

// FolderOf is the folder of a partition.
func FolderOf(t *Table, partition string) (string, error) { return t.folder(partition) }
