package adopt

import (
	"bytes"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// write makes the document of a spec. Only what differs from the defaults stands in
// it: drain and minServing are decisions of people.
func write(s Spec) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "apiVersion: sluice/v1\nkind: %s\nmetadata:\n  name: %s\nspec:\n", s.Kind, scalar(s.Name))
	if s.Target != "default" {
		fmt.Fprintf(&b, "  target: %s\n", scalar(s.Target))
	}
	fmt.Fprintf(&b, "  id: %s\n  secondary:\n", scalar(s.ID))
	writeList(&b, "addresses", s.secondary())
	if s.Kind == inventory.KindNetworkInterface && len(s.Prefixes) > 0 {
		b.WriteString("  prefixes:\n")
		writeList(&b, "cidrs", s.prefixes())
	}
	return b.Bytes()
}

// writeList writes one value a line: a change then is a line of a diff.
func writeList[T fmt.Stringer](b *bytes.Buffer, key string, values []T) {
	if len(values) == 0 {
		fmt.Fprintf(b, "    %s: []\n", key)
		return
	}
	fmt.Fprintf(b, "    %s:\n", key)
	for _, v := range values {
		fmt.Fprintf(b, "      - %s\n", v)
	}
}

// scalar writes a text so that YAML reads it as one: a gateway may be named 007, or
// no.
func scalar(text string) string {
	out, err := yaml.Marshal(text)
	if err != nil { // no text has that
		return fmt.Sprintf("%q", text)
	}
	return strings.TrimSuffix(string(out), "\n")
}
