// Package githubapp gets installation tokens: the login of a GitHub App to the
// repositories that it is installed for.
//
// The app's private key signs a JWT that is good for minutes; GitHub gives a token
// for it that is good for an hour and may read the contents of one repository, no
// more. The token is kept until shortly before it ends. Nothing is written, and no
// error holds the key, the JWT or the token.
package githubapp
