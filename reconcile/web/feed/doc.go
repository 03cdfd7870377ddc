// Package feed is what page and API read: the newest status as a view.Fleet, parts
// of the record, and how far the record's chain was walked.
//
// A fleet is indexed once a turn, whoever asks how often. Of the record a request
// reads a bounded part: a list ends after 20,000 records with a place to go on at,
// what is newest of one resource after 2,000; a story begins 50,000 records before
// the end, and two stories at most are told at once.
package feed
