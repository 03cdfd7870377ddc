package dynamodb

// SetPart makes the parts that are cut off smaller.
func (l *Log) SetPart(records uint64) { l.partRecords = records }
