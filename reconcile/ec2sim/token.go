package ec2sim

// use is what a ClientToken was used for.
type use struct {
	request string // the whole request, without what signs it
	id      string // what was made for it
}

// again is the id of what the request's ClientToken has made already; "" when nothing.
// The token is one request's: with another one it is refused, and never stands for
// something of another kind.
func (c *exchange) again() (id string, problem *failure) {
	used, known := c.server.tokens[c.p.one("ClientToken")]
	switch {
	case !known:
		return "", nil
	case used.request != withoutSecrets(c.p.values).Encode():
		return "", fail(codeTokenMismatch, "The client token was used before, with other parameters")
	}
	return used.id, nil
}

// gone is the answer to a token of what is not there any more.
func gone(id string) *failure {
	return fail(codeTokenMismatch, "The client token was used before, for %s, which does not exist any more", id)
}

// made keeps what was made for the request's ClientToken, if it has one.
func (c *exchange) made(id string) {
	c.call.Effect = true
	if token := c.p.one("ClientToken"); token != "" {
		c.server.tokens[token] = use{withoutSecrets(c.p.values).Encode(), id}
	}
}
