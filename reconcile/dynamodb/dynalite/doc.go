// Package dynalite starts, for tests, a server that speaks DynamoDB: dynalite, from the
// npm registry, in memory, on a loopback port of its own. It ends with the test, and with
// the test's process.
//
// .ci/servers installs it into the user's cache folder. Where it or node is missing the
// test is skipped and says so; with SLUICE_REQUIRE_SERVERS=1 it fails.
package dynalite
