// Package view makes of what the loop knows the plain values that the status page
// and the API show: the fleet, one resource, the plan, the record, what is due.
//
// It is pure: a status, records and an instant come in, values go out. It reads no
// clock and no file, and keeps nothing. What it returns is bounded, however large
// the fleet is, except where a caller asks for all of it.
package view
