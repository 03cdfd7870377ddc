// Package rulebook lists the rules in force beside what people decided about them:
// which waivers excuse whom from a rule, until when, and which plans are approved.
// It is data and words, for whoever shows it; it decides nothing.
package rulebook
