// Package page is the status page: HTML made on the server from templates, one style
// sheet, one script and an icon, all embedded; nothing comes from elsewhere.
//
// Every page works without its script. With it, what is marked data-live follows the
// daemon: an event says what changed, and the page asks for itself again. Text of
// other people (names, labels, messages of commits, words of rules) goes through
// html/template alone: no type of this package marks text as safe, and no page holds
// a script or a style of its own, which the policy of [Headers] forbids too.
package page
