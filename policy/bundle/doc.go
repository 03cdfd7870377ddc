// Package bundle reads policies from an OPA bundle: a gzip'd tar of Rego modules and
// data, in a file or behind https, with or without a signature. It gives the files of
// a [policy.Source] and knows nothing else of who uses them.
//
// What a bundle says of itself is not believed. A bundle from the network must be
// signed, and the keys, the algorithms that fit them, and the scope come from
// [Config] alone: key ids, algorithms and verifiers that the bundle names are not
// looked at. Every file must be in the signature, and every file of the signature
// in the bundle. (OPA's own reader once took a bundle for good whose signature had
// been taken away: GHSA-g2pf-6v5v-qcc8. So the reader here is not OPA's; the
// verification of token and files is.)
//
// Sizes are bounded before and after decompression, and nothing is written to disk.
package bundle
