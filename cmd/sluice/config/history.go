package config

import (
	"strconv"
	"strings"
	"time"
)

type rawHistory struct {
	File   string `json:"file"`
	Keep   string `json:"keep"`
	Export string `json:"export"`

	DynamoDB *struct {
		Table    string `json:"table"`
		Region   string `json:"region"`
		Endpoint string `json:"endpoint"`
		Lease    string `json:"lease"`
	} `json:"dynamodb"`
}

// The bounds of a lease: a shorter one is spent in renewals, a longer one is how long
// nothing is done for the targets of a replica that died.
const (
	minLease = time.Second
	maxLease = 10 * time.Minute
)

// history reads where the record is, and how long. The schema says what a number of
// days looks like.
func (l *loader) history(r rawHistory) History {
	h := History{File: l.resolve(r.File), Export: r.Export}
	if days, err := strconv.Atoi(strings.TrimSuffix(r.Keep, "d")); err == nil {
		h.Keep = time.Duration(days) * 24 * time.Hour
	}
	if r.DynamoDB != nil {
		h.DynamoDB = l.dynamoDB(r)
	}
	switch {
	case r.Keep != "" && r.Export == "":
		l.problem([]string{"history", "keep"}, "keep needs export: records are deleted only when they were exported and verified; write a folder, or s3://BUCKET/PREFIX")
	case r.Keep == "" && r.Export != "":
		l.problem([]string{"history", "export"}, "export goes with keep, which says when; for an export at will there is `sluice history export`")
	}
	if !strings.HasPrefix(r.Export, "s3://") { // which bucket reads, when the daemon starts
		h.Export = l.resolve(r.Export)
	}
	return h
}

// dynamoDB reads the table that holds the record.
func (l *loader) dynamoDB(r rawHistory) *DynamoDB {
	d := DynamoDB{Table: r.DynamoDB.Table, Region: r.DynamoDB.Region, Endpoint: r.DynamoDB.Endpoint, Lease: defaultLease}
	l.checkEndpoint(d.Endpoint, "history", "dynamodb", "endpoint")
	if r.DynamoDB.Lease != "" {
		d.Lease = l.duration(r.DynamoDB.Lease, minLease, maxLease, []string{"history", "dynamodb", "lease"})
	}
	return &d
}
