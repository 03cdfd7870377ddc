// Package bucket puts an object into an S3-compatible bucket, once, and reads it
// back. It knows nothing of sluice.
//
// AWS's own client for S3 is hundreds of operations, and this needs two. What matters
// of it is the signature, and that is the SDK's own signer here, as are credentials, Region and endpoint: from the environment or the profile, as
// for every AWS tool (AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL).
// The bucket's name stands in the path, which every S3-compatible service knows.
//
// Nothing is ever overwritten: each PUT carries If-None-Match: *.
package bucket
