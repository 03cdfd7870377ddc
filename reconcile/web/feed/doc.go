// Package feed is what page and API read: the newest status as a view.Fleet, parts
// of the record, and how far the record's chain was walked.
//
// A fleet is indexed once a turn, whoever asks how often. Of the record a request
// reads a bounded part: a list ends after 20,000 records with a place to go on at,
// what is newest of one resource after 2,000; a story begins 50,000 records before
// the end, and two stories at most are told at once.
//
// Where each target has a log of its own, in a table that others share, every question
// costs money and time: then these are 5,000, 500 and 20,000 of all logs together, a
// request ends after 10 s with what it has, eight read at once, and who follows the
// newest entries gets those of up to 2 s ago. Two read a whole log at once, for two
// minutes each, and are told where to go on.
package feed
