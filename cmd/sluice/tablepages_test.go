package main

import (
	"strings"
	"testing"
)

// page fetches a page of a replica's.
func (s *replicaStage) page(r *replicaProcess, path string) (body string, status int) {
	s.t.Helper()
	body, status, err := fetch(r.url() + path)
	if err != nil {
		s.t.Fatal(err)
	}
	return body, status
}

// TestAnyReplicaShowsTheRecordOfTheWholeFleet: pages and API of a replica show what all of
// them wrote, and where another works.
func TestAnyReplicaShowsTheRecordOfTheWholeFleet(t *testing.T) {
	s := newReplicaStage(t, 2)
	s.await("both to hold two targets", func() string {
		count := map[*replicaProcess]int{}
		for _, r := range s.holders() {
			count[r]++
		}
		if count[s.replicas[0]] != 2 || count[s.replicas[1]] != 2 {
			return "not yet"
		}
		return ""
	})
	s.want("10.0.1.20, 10.0.1.21")
	s.await("the targets to be as the commit asks", s.converged)
	for _, r := range s.replicas {
		lines, status := s.page(r, "/api/v1/history?limit=200&kind=intent&address=10.0.1.21")
		story, _ := s.page(r, "/api/v1/explain/10.0.1.21")
		for _, target := range replicaTargets {
			if status != 200 || strings.Count(lines, `{"log":"`+target+`"`) != 1 || strings.Count(story, `"what":"assign"`) != len(replicaTargets) || !strings.Contains(story, `{"log":"`+target+`","from":1}`) {
				t.Errorf("%s says of %s: %d\n%s\n%s", r.name, target, status, lines, story)
			}
		}
		if body, status := s.page(r, "/history?kind=intent"); status != 200 || strings.Count(body, `<li id="e`) != len(replicaTargets) || strings.Contains(body, "alarm") {
			t.Errorf("%s's page of the record: %d\n%s", r.name, status, body)
		}
		if body, status := s.page(r, "/explain/10.0.1.21"); status != 200 || strings.Count(body, `<span class="verb v-assign">`) != len(replicaTargets) {
			t.Errorf("%s's page of an address: %d\n%s", r.name, status, body)
		}
		s.leadsToTheOther(r)
	}
	s.pagesWithoutTheTable(s.replicas[0])
}

// leadsToTheOther checks what a replica says of the targets that it does not hold.
func (s *replicaStage) leadsToTheOther(r *replicaProcess) {
	s.t.Helper()
	front, _ := s.page(r, "/")
	for target, holder := range s.holders() {
		if holder == r {
			continue
		}
		if !strings.Contains(front, `<a href="`+holder.url()+`" rel="noreferrer">`) || strings.Contains(front, "alarm") {
			s.t.Errorf("%s does not lead to %s:\n%s", r.name, holder.name, front)
		}
		body, _ := s.page(r, "/resources/"+target+"/nat-0123456789abcdef0")
		if !strings.Contains(body, `<a href="`+holder.url()+"/resources/"+target+`/nat-0123456789abcdef0"`) {
			s.t.Errorf("%s on a resource of %s:\n%s", r.name, holder.name, body)
		}
	}
}

// pagesWithoutTheTable checks that a replica that is cut off says so, and goes on.
func (s *replicaStage) pagesWithoutTheTable(r *replicaProcess) {
	s.t.Helper()
	r.cable.sever()
	body, status := s.page(r, "/history?log=test&outcome=lost") // nobody asked that a moment ago
	if status != 200 || !strings.Contains(body, "DynamoDB table") {
		s.t.Errorf("without the table: %d\n%s", status, body)
	}
	if _, status := s.page(r, "/healthz"); status != 200 {
		s.t.Errorf("its health is %d", status)
	}
	r.cable.mend()
	s.await("the record to be read again", func() string {
		body, _ := s.page(r, "/history?log=test&outcome=lost")
		if strings.Contains(body, "DynamoDB table") {
			return body
		}
		return ""
	})
}
