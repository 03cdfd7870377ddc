package commitstatus

// State is one of the three states that all hosts know by some name.
type State string

// The states.
const (
	Pending State = "pending"
	Success State = "success"
	Failure State = "failure"
)

// Status is what is said of a commit under one name.
type Status struct {
	State State
	Line  string // at most 140 characters, which is GitHub's limit
}

// Subject is what a status is about.
type Subject struct {
	Commit string // all 40 digits
	Name   string // the status's: sluice/TARGET
}
