package words

import (
	"strings"
	"testing"
)

func TestTextFromOutsideIsOneBoundedLineWithoutSecrets(t *testing.T) {
	tests := []struct {
		name, text string
		secrets    []string
		want       string
	}{
		{"a plain text", "not found", nil, "not found"},
		{"control characters and lines", "a\x1b[31m\r\n\tb", nil, "a [31m b"},
		{"no UTF-8", "a\xffb", nil, "a b"},
		{"what turns the writing around", "a\u202eb", nil, "a b"},
		{"a secret, wherever it stands", "x-hunter2-hunter2", []string{"hunter2"}, "x-***-***"},
		{"a secret of two letters is none", "an error", []string{"an"}, "an error"},
		{"no secret", "an error", []string{""}, "an error"},
		{"a long text", strings.Repeat("x", MaxQuoted+1), nil, strings.Repeat("x", MaxQuoted) + "..."},
		{"a letter across the end", strings.Repeat("x", MaxQuoted-1) + "é", nil, strings.Repeat("x", MaxQuoted-1) + "..."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Quote(tt.text, tt.secrets...); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestASentenceOfOursIsMaskedAndNotCut(t *testing.T) {
	if got, want := Mask(strings.Repeat("x", 2*MaxQuoted)+"hunter2", "hunter2"), strings.Repeat("x", 2*MaxQuoted)+"***"; got != want {
		t.Errorf("got %q", got)
	}
}
