package config

import (
	"reflect"
	"strings"
)

// Changed returns the top-level settings in which two configurations differ, by
// their names in the file and in its order.
func Changed(a, b Config) []string {
	names := []string{}
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range x.NumField() {
		if name := x.Type().Field(i).Name; !reflect.DeepEqual(x.Field(i).Interface(), y.Field(i).Interface()) {
			names = append(names, strings.ToLower(name[:1])+name[1:])
		}
	}
	return names
}
