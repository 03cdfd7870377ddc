// Package config reads sluice's configuration file, sluice.yaml: one document of
// kind Config, as strictly as a spec, with every problem at once and its place.
//
// What has a shape is checked by config.schema.json, which editors can use; what
// has a meaning (addresses to listen on, time zones, schedules) is checked here.
// Whether a repository or a Region can be reached shows only when it is used.
//
// Folders and files that are relative are relative to the configuration's own
// folder, so that it means the same wherever sluice is started. Environment
// variables in it are not expanded.
//
// The package reads no file and makes no call. It carries the time zone database,
// for the static binary has no other.
package config
